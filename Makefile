# The README's commands. Where ROS 2 is sourced they use it, elsewhere the sandbox's (sandbox/README.md).
SHELL := bash
.DEFAULT_GOAL := help
.PHONY: build clean demo help lint test

engine ?=
args ?=

ifneq ($(and $(ROS_DISTRO),$(shell command -v ros2)),)

environment := . .ros/install/setup.bash
headless := $(if $(DISPLAY)$(WAYLAND_DISPLAY),false,true)
build:
	@python3 -c 'import diffusers, mujoco, ruckig, torch' || \
	  { echo 'ROS does not bring all that robot4d needs: pip install -r requirements.txt (README.md, On your robot)'; exit 1; }
	colcon --log-base .ros/log build --build-base .ros/build --install-base .ros/install --symlink-install

else

environment := . sandbox/env.sh
headless := true
build:
	@sandbox/setup
parallel := -n auto --maxprocesses 4
test: lint

endif

demo: build  ## run the whole line in simulation; engine=diffusion (default), oracle or hold; args='seed:=3 robot:=panda'
	@rm -rf out/demo
	@$(environment) && { \
	  ros2 launch robot4d demo.launch.py $(engine:%=engine:=%) headless:=$(headless) $(args); \
	  robot4d report out/demo; \
	}

# Most tests run side by side; those of whole graphs keep real time and want the machine for themselves.
whole_graphs := test/graph test/replay
tests = $(if $(args),python3 -m pytest $(args),status=0; \
  python3 -m pytest $(parallel) $(whole_graphs:%=--ignore=%) || status=$$?; \
  python3 -m pytest $(whole_graphs) || status=$$?; exit $$status)

test: build  ## run the tests except the slow ones; args='-m slow' runs those, args=test/core a part
	@$(environment) && \
	  export OMP_NUM_THREADS=1 ROS_DOMAIN_ID=$${ROS_DOMAIN_ID:-$$((RANDOM % 100 + 1))} && { $(tests); }

lint: build  ## check style, spelling, YAML and XML
	@$(environment) && \
	  ruff check . && \
	  codespell $$(git ls-files) && \
	  yamllint --strict $$(git ls-files '*.yaml') && \
	  python3 -c 'import sys, xml.sax; [xml.sax.parse(name, xml.sax.ContentHandler()) for name in sys.argv[1:]]' \
	    $$(git ls-files '*.xacro' '*.xml')

clean:  ## remove everything that was built or downloaded
	rm -rf .ros .sandbox out

help:  ## show this
	@sed -nE 's/^([a-z]+):.*  ## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'
