# The sandbox's ROS 2 in a shell: run sandbox/setup once, then `. sandbox/env.sh` in bash or zsh.
_repository=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd)
_venv=$_repository/.sandbox/venv
_install=$_repository/.sandbox/install
_packages=$(echo "$_venv"/lib/python3.*/site-packages)

. "$_venv/bin/activate"
export PATH=$_repository/sandbox/bin:$_install/bin:$PATH
export AMENT_PREFIX_PATH=$_install:$_venv
PYTHONPATH=$_repository/src:$_install/lib/$(basename "$(dirname "$_packages")")/site-packages
for _stand_in in "$_repository"/sandbox/stand_ins/*; do
  [ -f "$_stand_in/package.xml" ] || PYTHONPATH=$PYTHONPATH:$_stand_in
done
export PYTHONPATH

# The wheels would find their libraries by starting Python twice; this does it once.
export LD_LIBRARY_PATH=$_install/lib:$_venv/lib$(printf ':%s' "$_packages"/ros_*.libs)
export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1

export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST
export MUJOCO_GL=${MUJOCO_GL:-egl}
unset _repository _venv _install _packages _stand_in
