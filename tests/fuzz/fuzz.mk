# Builds the fuzz targets into the current folder: make -f …/fuzz.mk SOURCE=/path/of/the/tree. By its own rules, since
# everything, the library too, is compiled for libFuzzer and by clang.
CC = clang
PACKAGES = libpq json-c libcrypto libxxhash libdeflate sqlite3
SANITIZERS = address,undefined
FLAGS := -std=c11 -D_GNU_SOURCE -g -O1 -fno-omit-frame-pointer -Wall -Wextra -Wpedantic -Wconversion -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wsign-conversion \
	-fsanitize=$(SANITIZERS) -fno-sanitize-recover=all \
	-I$(SOURCE)/include -I$(SOURCE)/lib -I$(SOURCE)/tests $(shell pkg-config --cflags $(PACKAGES))
LIBS := $(shell pkg-config --libs $(PACKAGES)) -lpthread

library := $(patsubst $(SOURCE)/%.c,%.o,$(wildcard $(SOURCE)/lib/*/*.c))
tool := $(patsubst $(SOURCE)/%.c,%.o,$(wildcard $(SOURCE)/examples/cutoverctl/*.c))
targets := $(patsubst $(SOURCE)/tests/fuzz/%.c,%,$(wildcard $(SOURCE)/tests/fuzz/fuzz_*.c))

all: $(targets)

# The tool sees the library's public names only; a private one may be the same as one of its own.
$(tool): FLAGS += -Derror_json=tool_error_json

$(targets): fuzz_%: tests/fuzz/fuzz_%.o libtool.a liblibrary.a
	$(CC) -fsanitize=fuzzer,$(SANITIZERS) -o $@ $^ $(LIBS)

libtool.a: $(tool)
	rm -f $@ && ar rcs $@ $^

liblibrary.a: $(library)
	rm -f $@ && ar rcs $@ $^

$(library) $(tool) $(targets:%=tests/fuzz/%.o): %.o: $(SOURCE)/%.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

-include $(library:.o=.d) $(tool:.o=.d) $(targets:%=tests/fuzz/%.d)

.PHONY: all
.SECONDARY:
