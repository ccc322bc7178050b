# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""package.xml is valid, and names what the code imports: no more and no less."""

import ast
import re
import sys
from pathlib import Path

import pytest
from catkin_pkg.package import parse_package

REPOSITORY = Path(__file__).parents[2]
STAND_INS = sorted(path.parent for path in (REPOSITORY / 'sandbox' / 'stand_ins').glob('*/package.xml'))

# Where the name of a module is not the name of the package that brings it.
ROSDEP_KEYS = {
    'PIL': 'python3-pil',
    'cv2': 'python3-opencv',
    'imageio': 'python3-imageio',
    'matplotlib': 'python3-matplotlib',
    'mpl_toolkits': 'python3-matplotlib',
    'numpy': 'python3-numpy',
    'psutil': 'python3-psutil',
    'rich': 'python3-rich',
    'scipy': 'python3-scipy',
    'yaml': 'python3-yaml',
}
PIP_NAMES = {
    'PIL': 'pillow', 'cv2': 'opencv-python-headless', 'mpl_toolkits': 'matplotlib', 'pinocchio': 'pin',
    'skimage': 'scikit-image', 'yaml': 'PyYAML',
}
SANDBOX_NAMES = {**PIP_NAMES, 'open3d': 'open3d-cpu'}  # without CUDA it is a tenth of the size
OWN = {'robot4d', 'robot4d_core', 'robot4d_nodes'}
# Needed though no file imports them: started by launch files, or loaded by what is imported.
NOT_IMPORTED = {'rviz2', 'rosidl_default_runtime'}
PLUGINS = {'accelerate', 'imageio-ffmpeg', 'numpy', 'pycollada', 'tensorboard'}


def imported_modules(*folders: str) -> set[str]:
    """Return the top-level modules that the Python files below the folders import, without the standard library's."""
    names = set()
    for folder in folders:
        for path in (REPOSITORY / folder).rglob('*.py'):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    names |= {alias.name.split('.')[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.level == 0:
                    names.add(node.module.split('.')[0])
    return names - set(sys.stdlib_module_names) - OWN


def requirements(name: str) -> set[str]:
    """Return the names in a requirements file."""
    lines = (REPOSITORY / name).read_text().splitlines()
    return {re.split(r'[<>=\[]', line)[0].strip() for line in lines if line and not line.startswith('#')}


@pytest.mark.parametrize('folder', [REPOSITORY, *STAND_INS], ids=lambda path: path.name)
def test_when_parsed_by_catkin_pkg_expect_a_valid_package_without_warnings(folder):
    warnings = []
    package = parse_package(str(folder), warnings=warnings)
    package.validate(warnings=warnings)
    assert warnings == []
    assert package.get_build_type() == 'ament_cmake'


def test_when_python_files_import_a_package_expect_a_dependency_that_brings_it():
    package = parse_package(str(REPOSITORY))
    declared = {dependency.name for dependency in package.exec_depends} | requirements('requirements.txt')
    needed = {ROSDEP_KEYS.get(module, module) for module in imported_modules('src', 'launch')}
    assert needed - declared == set()


def test_when_a_runtime_dependency_is_declared_expect_a_file_that_needs_it():
    package = parse_package(str(REPOSITORY))
    imported = {ROSDEP_KEYS.get(module, module) for module in imported_modules('src', 'launch')}
    interfaces = {dependency.name for dependency in package.build_depends}
    declared = {dependency.name for dependency in package.exec_depends} | requirements('requirements.txt')
    assert declared - imported - interfaces - NOT_IMPORTED - PLUGINS == set()


def test_when_the_library_imports_a_package_expect_pip_to_install_it():
    project = (REPOSITORY / 'pyproject.toml').read_text().split('dependencies = [')[1].split(']')[0]
    declared = {re.split(r'[<>=]', line.strip(" ',"))[0] for line in project.split()}
    needed = {PIP_NAMES.get(module, module) for module in imported_modules('src/robot4d_core')}
    assert needed - declared == set()
    assert declared - needed - PLUGINS == set()


def test_when_interfaces_use_a_package_expect_it_in_cmakelists_and_package_xml():
    definitions = '\n'.join(path.read_text() for kind in ('msg', 'action') for path in (REPOSITORY / kind).iterdir())
    used = set(re.findall(r'^([a-z_]+)/[A-Z]', definitions, flags=re.MULTILINE))
    cmake = (REPOSITORY / 'CMakeLists.txt').read_text()
    generated = set(re.search(r'DEPENDENCIES ([a-z_ ]+)', cmake).group(1).split())
    build = {dependency.name for dependency in parse_package(str(REPOSITORY)).build_depends}
    assert used == generated
    assert used <= build


def test_when_tests_import_a_package_expect_it_in_the_sandbox():
    stand_ins = {path.name for path in (REPOSITORY / 'sandbox' / 'stand_ins').glob('*/*') if path.is_dir()}
    wheels = {name.removeprefix('ros-jazzy-').replace('-', '_') for name in requirements('sandbox/requirements.txt')}
    brought_along = {
        'action_msgs', 'builtin_interfaces', 'catkin_pkg', 'domain_coordinator', 'rcl_interfaces',
        'unique_identifier_msgs', 'control_msgs', 'tf2_msgs', 'rosidl_runtime_py', 'rpyutils',
    }
    test_helpers = {path.stem for path in (REPOSITORY / 'test').rglob('*') if path.suffix in ('.py', '')}
    needed = imported_modules('src', 'launch', 'test')
    needed = {SANDBOX_NAMES.get(module, module).replace('-', '_') for module in needed}
    assert needed - {name.replace('-', '_') for name in wheels} - stand_ins - brought_along - test_helpers == set()
