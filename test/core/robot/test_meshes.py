# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""Which meshes are read, and from where."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.description import RobotDescription


def test_meshes_of_included_files_are_relative_to_them(tmp_path):
    for name, size in (('arm', 0.1), ('hand', 0.2)):
        (tmp_path / name / 'meshes').mkdir(parents=True)
        trimesh.creation.box((size, size, size)).export(tmp_path / name / 'meshes' / 'block.stl')
        (tmp_path / name / 'part.urdf').write_text(
            f'<robot name="{name}"><link name="{name}" drake:undeclared="1"><visual><geometry>'
            '<mesh filename="meshes/block.stl"/></geometry></visual></link></robot>')
    (tmp_path / 'robot.urdf.xacro').write_text(
        '<robot name="r" xmlns:xacro="http://www.ros.org/wiki/xacro"><xacro:include filename="arm/part.urdf"/>'
        '<xacro:include filename="$(find hand)/part.urdf"/><joint name="j" type="fixed"><parent link="arm"/>'
        '<child link="hand"/></joint></robot>')
    robot = RobotDescription.from_file(tmp_path / 'robot.urdf.xacro', package_paths=[tmp_path])
    assert [robot.surface(link)[0].extents[0] for link in ('arm', 'hand')] == pytest.approx([0.1, 0.2])


def test_only_the_meshes_that_are_asked_for_are_read(tmp_path):
    trimesh.creation.box((0.1, 0.1, 0.1)).export(tmp_path / 'block.stl')
    robot = RobotDescription(
        '<robot name="r"><link name="a"><visual><geometry><mesh filename="block.stl"/></geometry></visual></link>'
        '<link name="b"><visual><geometry><mesh filename="missing.stl"/></geometry></visual></link>'
        '<joint name="j" type="fixed"><parent link="a"/><child link="b"/></joint></robot>', tmp_path)
    assert robot.surface('a')[0].extents == pytest.approx([0.1, 0.1, 0.1])
    with pytest.raises(RobotDescriptionError, match='missing.stl is no file'):
        robot.surface('b')


def test_meshes_are_read_scaled_from_paths_and_packages(tmp_path, monkeypatch):
    package = tmp_path / 'my_robot'
    (package / 'meshes').mkdir(parents=True)
    (package / 'package.xml').write_text('<package><name>my_robot</name></package>')
    trimesh.creation.box((100, 200, 300)).export(package / 'meshes' / 'block.stl')
    monkeypatch.setenv('ROS_PACKAGE_PATH', str(tmp_path))
    for place in (package / 'meshes' / 'block.stl', f'file://{package}/meshes/block.stl',
                  'package://my_robot/meshes/block.stl'):
        urdf = ('<robot name="r"><link name="a"><visual><origin xyz="0 0 1"/><geometry>'
                f'<mesh filename="{place}" scale="0.001 0.001 0.001"/></geometry></visual></link></robot>')
        mesh, colour = RobotDescription(urdf).surface('a')
        np.testing.assert_allclose(mesh.bounds, [[-0.05, -0.1, 0.85], [0.05, 0.1, 1.15]], atol=1e-6)
        np.testing.assert_allclose(colour, 0.5)


@pytest.mark.parametrize('kind', ['stl', 'obj', 'dae'])
def test_meshes_of_every_kind_lie_relative_to_the_file_in_folders_with_spaces(tmp_path, kind):
    folder = tmp_path / 'my robot'
    folder.mkdir()
    block = trimesh.creation.box((100, 200, 300))
    content = collada(block) if kind == 'dae' else block.export(file_type=kind)
    (folder / f'block.{kind}').write_bytes(content.encode() if isinstance(content, str) else content)
    file = folder / 'robot.urdf'
    file.write_text('<robot name="r"><link name="a"><visual><geometry>'
                    f'<mesh filename="block.{kind}" scale="0.001 0.001 -0.002"/></geometry></visual></link></robot>')
    mesh, _ = RobotDescription.from_file(file).surface('a')
    np.testing.assert_allclose(mesh.bounds, [[-0.05, -0.1, -0.3], [0.05, 0.1, 0.3]], atol=1e-6)


def collada(mesh: trimesh.Trimesh, meter: str = '1') -> str:
    """Return a mesh as .dae whose unit is so many metres."""
    numbers = ' '.join(map(str, mesh.vertices.ravel().tolist()))
    triangles = ' '.join(map(str, mesh.faces.ravel().tolist()))
    return f"""<?xml version="1.0"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
  <asset><unit meter="{meter}"/><up_axis>Z_UP</up_axis></asset>
  <library_geometries><geometry id="g"><mesh>
    <source id="s"><float_array id="a" count="{mesh.vertices.size}">{numbers}</float_array><technique_common>
      <accessor source="#a" count="{len(mesh.vertices)}" stride="3"><param name="X" type="float"/>
        <param name="Y" type="float"/><param name="Z" type="float"/></accessor></technique_common></source>
    <vertices id="v"><input semantic="POSITION" source="#s"/></vertices>
    <triangles count="{len(mesh.faces)}"><input semantic="VERTEX" source="#v" offset="0"/><p>{triangles}</p></triangles>
  </mesh></geometry></library_geometries>
  <library_visual_scenes><visual_scene id="scene"><node><instance_geometry url="#g"/></node></visual_scene>
  </library_visual_scenes><scene><instance_visual_scene url="#scene"/></scene>
</COLLADA>"""


def test_the_unit_of_a_collada_file_counts(tmp_path):
    (tmp_path / 'block.dae').write_text(collada(trimesh.creation.box((100, 200, 300)), meter='0.001'))
    robot = RobotDescription('<robot name="r"><link name="a"><visual><geometry><mesh filename="block.dae"/></geometry>'
                             '</visual></link></robot>', tmp_path)
    np.testing.assert_allclose(robot.surface('a')[0].extents, [0.1, 0.2, 0.3], atol=1e-6)


@pytest.mark.parametrize(('scale', 'size'), [(1e-6, '0.0003'), (0.1, '30')])
def test_when_a_mesh_has_an_impossible_size_expect_link_and_scale_named(tmp_path, scale, size):
    trimesh.creation.box((100, 200, 300)).export(tmp_path / 'block.stl')
    robot = RobotDescription('<robot name="r"><link name="hand"><visual><geometry><mesh filename="block.stl" '
                             f'scale="{scale} {scale} {scale}"/></geometry></visual></link></robot>', tmp_path)
    with pytest.raises(RobotDescriptionError, match=f"link 'hand': its mesh .*block.stl is {size} m large.* scale"):
        robot.surface('hand')


def test_mujoco_gets_the_meshes_that_it_cannot_read_itself(tmp_path):
    (tmp_path / 'block.dae').write_text(collada(trimesh.creation.box((100, 200, 300)), meter='0.001'))
    mesh = '<geometry><mesh filename="block.dae" scale="2 1 1"/></geometry>'
    robot = RobotDescription(
        '<robot name="r"><link name="a"><visual><geometry><box size="1 1 1"/></geometry></visual>'
        f'<visual>{mesh}</visual><collision>{mesh}</collision></link>'
        '<mujoco><compiler discardvisual="false"/></mujoco></robot>', tmp_path)
    model = robot.to_mujoco().compile()
    assert model.nmesh == 2
    for number in range(model.nmesh):
        start, count = model.mesh_vertadr[number], model.mesh_vertnum[number]
        np.testing.assert_allclose(
            sorted(np.ptp(model.mesh_vert[start:start + count], axis=0)), [0.2, 0.2, 0.3], atol=1e-6)
