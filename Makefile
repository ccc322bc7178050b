# The README's commands. Where ROS 2 is sourced they use it, elsewhere the sandbox's (sandbox/README.md).
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: demo test lint build clean help

engine ?= diffusion
args ?=

ifneq ($(and $(ROS_DISTRO),$(shell command -v ros2)),)
# PYTHONPATH comes from the sourced ROS, packages that ROS does not have from requirements.txt.
build:
	colcon --log-base .ros/log build --build-base .ros/build --install-base .ros/install --base-paths . --symlink-install
use := . .ros/install/setup.bash
headless := $(if $(DISPLAY)$(WAYLAND_DISPLAY),false,true)
else
build:
	@sandbox/setup
use := . sandbox/env.sh
headless := true
endif

demo: build  ## run the whole line in simulation; engine=diffusion|oracle|hold, args='seed:=3 ...' (see `make demo args=--show-args`)
	@rm -rf out/demo
	@$(use) && { ros2 launch robot4d demo.launch.py engine:=$(engine) headless:=$(headless) $(args); robot4d report out/demo; }

test: build lint  ## run the tests, but for those marked slow (`make test args='-m slow'`)
	@$(use) && export OMP_NUM_THREADS=1 ROS_DOMAIN_ID=$${ROS_DOMAIN_ID:-$$((RANDOM % 100 + 1))} && python3 -m pytest $(args)

lint: build  ## check style, spelling, YAML and XML, as pre-commit and CI do
	@$(use) && ruff check . && codespell $$(git ls-files) && yamllint --strict $$(git ls-files '*.yaml') && \
	  python3 -c 'import sys, xml.sax; [xml.sax.parse(name, xml.sax.ContentHandler()) for name in sys.argv[1:]]' \
	    $$(git ls-files '*.xml' '*.xacro')

clean:  ## remove everything that was built or downloaded
	rm -rf .sandbox .ros out

help:  ## show this
	@sed -nE 's/^([a-z]+):.*  ## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 14
