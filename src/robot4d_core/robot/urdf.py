# Copyright 2026 the robot4d authors. SPDX-License-Identifier: Apache-2.0
"""The text of a robot description: read from URDF or xacro, and checked for what parsers of URDF pass over."""

from __future__ import annotations

import copy
import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.dom import expatbuilder
from xml.etree import ElementTree
from xml.parsers import expat

from robot4d_core.errors import RobotDescriptionError
from robot4d_core.robot.package_files import find_package

SHAPES = {'box', 'cylinder', 'sphere', 'capsule', 'mesh'}
LIMITED = {'revolute', 'prismatic'}
KINEMATIC = {'link', 'joint', 'material'}
PLACED = re.compile(r'/|\w+://|\$')  # begins names that say where a file lies, or that xacro has yet to make

_XACRO = threading.Lock()  # xacro keeps its stack of files in globals


@dataclass(frozen=True)
class Mimic:
    """A joint that is at multiplier times the position of another joint, plus offset (rad or metres)."""

    joint: str
    multiplier: float
    offset: float


def read_urdf(path: Path, xacro_arguments: Mapping[str, str], package_paths: Sequence[Path]) -> str:
    """Return the text of a URDF, or what xacro makes of a file that needs it.

    package_paths: see find_package. Meshes are relative to the file that names them, also where another includes it.
    Raises RobotDescriptionError when the file is missing or cannot be expanded.
    """
    if not path.is_file():
        raise RobotDescriptionError(f'robot description {path} does not exist; give the path of a URDF or xacro file')
    try:
        root = parse_urdf(path.read_bytes())
    except RobotDescriptionError as error:
        raise RobotDescriptionError(f'{path}: {error}') from error
    if not _needs_xacro(root):
        if xacro_arguments:
            raise RobotDescriptionError(
                f'{path} is a URDF, which has no arguments, but got {", ".join(xacro_arguments)}; give its xacro file')
        return ElementTree.tostring(root, 'unicode')
    try:
        return _expand(path, xacro_arguments, package_paths)
    except RobotDescriptionError as error:
        raise RobotDescriptionError(f'{path}: {error}') from error
    except Exception as error:  # xacro raises its own, expat's and Python's errors alike
        raise RobotDescriptionError(f'xacro cannot expand {path}: {error}') from error


def parse_urdf(text: str | bytes) -> ElementTree.Element:
    """Return the tree of a URDF as its parsers see it: prefixes of tags and attributes are part of their names.

    Published descriptions use prefixes that they do not declare. Raises RobotDescriptionError for what is not XML.
    """
    builder, parser = ElementTree.TreeBuilder(), expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise RobotDescriptionError(
            f'the robot description is no URDF, for it is not XML ({error}); pass the text that xacro expanded'
        ) from error
    return builder.close()


def check_urdf(root: ElementTree.Element) -> None:
    """Raise RobotDescriptionError for what Pinocchio's parser only complains about on stderr."""
    if _needs_xacro(root):
        raise RobotDescriptionError('the robot description is a xacro; pass the text that xacro expanded, or the file')
    links = [link.get('name') for link in root.findall('link')]
    if not links:
        raise RobotDescriptionError('the robot description has no link; pass the URDF of a robot')
    for joint in root.findall('joint'):
        for end in (*joint.findall('parent'), *joint.findall('child')):
            if end.get('link') not in links:
                raise RobotDescriptionError(
                    f"the robot description has no link '{end.get('link')}'; it has: {', '.join(map(str, links))}; "
                    f"joint '{joint.get('name')}' names it")
        if joint.get('type') in LIMITED and joint.find('limit') is None:
            raise RobotDescriptionError(
                f"joint '{joint.get('name')}' is {joint.get('type')} but has no <limit>; give it one, or make it "
                'continuous or fixed')
    for link, shape in _shapes(root):
        if shape.tag not in SHAPES:
            raise RobotDescriptionError(
                f"link '{link}': geometry <{shape.tag}> is unknown; use one of {sorted(SHAPES)}")


def paint(root: ElementTree.Element) -> None:
    """Give visual shapes without a material the colour that <gazebo reference="LINK"> names for their link."""
    for gazebo in root.findall('gazebo[@reference]'):
        rgba = gazebo.findtext('visual/material/diffuse')
        for visual in root.findall(f"link[@name='{gazebo.get('reference')}']/visual") if rgba else ():
            if visual.find('material') is None:
                material = ElementTree.SubElement(visual, 'material', name=f"{gazebo.get('reference')}_paint")
                ElementTree.SubElement(material, 'color', rgba=rgba)


def with_shapes(root: ElementTree.Element, kind: str, links: Collection[str]) -> ElementTree.Element:
    """Return a copy with the 'visual' or 'collision' shapes of some links alone."""
    root = copy.deepcopy(root)
    for link in root.findall('link'):
        for shape in (*link.findall('visual'), *link.findall('collision')):
            if shape.tag != kind or link.get('name') not in links:
                link.remove(shape)
    return root


def kinematic_urdf(root: ElementTree.Element) -> str:
    """Return the text of links with their shapes, and of joints, alone.

    Pinocchio's parser drops the shapes of a link whose inertia it cannot read.
    """
    bare = ElementTree.Element('robot', root.attrib)
    for part in root:
        if part.tag in KINEMATIC:
            kept = ElementTree.SubElement(bare, part.tag, part.attrib)
            kept.extend(child for child in part if child.tag != 'inertial')
    return ElementTree.tostring(bare, 'unicode')


def mimics(root: ElementTree.Element) -> dict[str, Mimic]:
    """Return what each mimic joint follows in the end: a joint that follows none.

    Raises RobotDescriptionError when a joint follows one that is not there, is fixed, or follows it.
    """
    kinds = {joint.get('name'): joint.get('type') for joint in root.findall('joint')}
    direct = {}
    for joint in root.findall('joint'):
        if (tag := joint.find('mimic')) is not None and joint.get('type') != 'fixed':
            name = joint.get('name')
            if kinds.get(tag.get('joint'), 'fixed') == 'fixed':
                raise RobotDescriptionError(
                    f"joint '{name}' mimics '{tag.get('joint')}', which is no movable joint; correct its <mimic>")
            try:
                direct[name] = Mimic(
                    tag.get('joint'), float(tag.get('multiplier', 1)), float(tag.get('offset', 0)))
            except ValueError as error:
                raise RobotDescriptionError(f"joint '{name}': <mimic> is not in numbers: {error}") from error
    return {name: _resolved(name, direct) for name in direct}


def _expand(path: Path, arguments: Mapping[str, str], package_paths: Sequence[Path]) -> str:
    import xacro
    from xacro import substitution_args

    with _XACRO:
        parse = xacro.parse

        def parse_placed(text, filename=None):
            try:
                document = parse(text, filename)
            except expat.ExpatError:  # perhaps for a prefix that nobody declares
                document = expatbuilder.parse(filename, namespaces=False)
            for mesh in document.getElementsByTagName('mesh'):
                if not PLACED.match(name := mesh.getAttribute('filename')):
                    mesh.setAttribute('filename', str(Path(filename).absolute().parent / name))
            return document

        try:
            substitution_args._eval_find = lambda name: str(find_package(name, package_paths).absolute())
            xacro.parse = parse_placed
            return xacro.process_file(str(path), mappings=dict(arguments)).toxml()
        finally:
            xacro.parse = parse


def _resolved(name: str, direct: Mapping[str, Mimic]) -> Mimic:
    followed, seen = direct[name], {name}
    while followed.joint in direct:
        if followed.joint in seen:
            raise RobotDescriptionError(f"joint '{name}' mimics itself, by way of {', '.join(sorted(seen))}")
        seen.add(followed.joint)
        above = direct[followed.joint]
        followed = Mimic(above.joint, followed.multiplier * above.multiplier,
                         followed.multiplier * above.offset + followed.offset)
    return followed


def mesh_tags(root: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the <mesh> elements of all links."""
    return [shape for _, shape in _shapes(root) if shape.tag == 'mesh']


def _shapes(root: ElementTree.Element) -> Iterator[tuple[str, ElementTree.Element]]:
    for link in root.findall('link'):
        for geometry in link.iter('geometry'):
            yield from ((link.get('name'), shape) for shape in geometry)


def _needs_xacro(root: ElementTree.Element) -> bool:
    return any(name.startswith('xacro:') for tag in root.iter() for name in (tag.tag, *tag.attrib))
