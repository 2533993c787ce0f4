# Read after the build folder's Makefile: every object and no program, for a compiler that only warns (.ci/run).
all-objects: $(BUILT_SOURCES) $(sort $(foreach name,$(filter %_OBJECTS,$(.VARIABLES)),$($(name))))
.PHONY: all-objects
