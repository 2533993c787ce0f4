# Read after the build folder's Makefile: every object and no program, for a compiler that only warns (.ci/run). The other ones are those
# that tests/fuzz/fuzz.mk does not compile.
objects := $(sort $(foreach name,$(filter %_OBJECTS,$(.VARIABLES)),$($(name))))
all-objects: $(BUILT_SOURCES) $(objects)
other-objects: $(BUILT_SOURCES) $(filter-out lib/% examples/cutoverctl/%,$(objects))
.PHONY: all-objects other-objects
