# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""An engine or model that cannot be used: the node stays unconfigured and says what to do."""

from __future__ import annotations

import re
import shutil

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.lifecycle import TransitionCallbackReturn

import robot4d_nodes.generator
from nodes.bench import Probe, overrides, wait_until
from robot4d_core.errors import EngineError
from robot4d_core.share import share_directory
from robot4d_nodes.generator import Generator
from robot4d_nodes.lifecycle import spinning


@pytest.mark.parametrize('error, message', [
    (EngineError("no model in '/nowhere'; set the parameter model"), "cannot configure: no model in '/nowhere'"),
    (ModuleNotFoundError('No module named torch', name='torch'), "needs the Python package 'torch'"),
])
def test_when_the_engine_cannot_load_expect_it_named_and_the_node_unconfigured(ros, monkeypatch, error, message):
    def make_engine(*_, **__):
        raise error

    monkeypatch.setattr(robot4d_nodes.generator, 'make_engine', make_engine)
    generator, probe = Generator(), Probe()
    with spinning(generator, probe):
        health = wait_until(lambda: probe.health.get('generator: state'))
        assert health.level == DiagnosticStatus.ERROR and message in health.message
        assert generator.state == 'unconfigured'


def no_weights(folder):
    for file in (folder / 'unet').glob('*.safetensors'):
        file.unlink()


def changed_byte(folder):
    file = folder / 'unet' / 'config.json'
    file.write_bytes(file.read_bytes().replace(b'32', b'64', 1))


def other_model(folder):
    file = folder / 'model_index.json'
    file.write_text(file.read_text().replace('TwoViewPipeline', 'StableVideoDiffusionPipeline'))


@pytest.mark.parametrize('damage, device, message', [
    (lambda folder: shutil.rmtree(folder), 'cpu', r'no model in .*tiny: model_index.json is missing; .*robot4d train'),
    (no_weights, 'cpu', 'unet has no weights'),
    (changed_byte, 'cpu', r'unet/config.json differs from SHA256SUMS; restore the folder'),
    (other_model, 'cpu', r'holds a StableVideoDiffusionPipeline, expected a TwoViewPipeline'),
    (lambda folder: None, 'cuda:99', r"'cuda:99' was demanded but torch finds \d CUDA GPUs; choose 'auto' or 'cpu'"),
], ids=['no folder', 'no weights', 'changed', 'other model', 'no gpu'])
def test_when_the_model_cannot_be_used_expect_configure_refused_with_what_to_do(
    ros, tmp_path, damage, device, message
):
    folder = shutil.copytree(share_directory() / 'models' / 'tabletop_tiny', tmp_path / 'tiny')
    damage(folder)
    generator = Generator(parameter_overrides=overrides(model=str(folder), device=device, autostart=False))
    probe = Probe()
    with spinning(generator, probe):
        assert generator.trigger_configure() == TransitionCallbackReturn.FAILURE
        assert generator.state == 'unconfigured'
        wait_until(lambda: probe.health.get('generator: state', DiagnosticStatus()).level == DiagnosticStatus.ERROR)
        told = probe.health['generator: state'].message
        assert re.search(message, told), told
