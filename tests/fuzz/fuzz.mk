# Builds the fuzz targets into the current folder: make -f …/fuzz.mk SOURCE=/path/of/the/tree. By its own rules, since
# everything, the library too, is compiled for libFuzzer and by clang.
CC = clang
PACKAGES = libpq json-c libcrypto libxxhash libdeflate sqlite3 libcurl
SANITIZERS = address,undefined
NAMES = nm --extern-only --defined-only --format=just-symbols
FLAGS := -std=c11 -D_GNU_SOURCE -g -O1 -fno-omit-frame-pointer -Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wsign-conversion \
	-fsanitize=$(SANITIZERS) -fno-sanitize-recover=all \
	-I$(SOURCE)/include -I$(SOURCE)/lib -I$(SOURCE)/tests $(shell pkg-config --cflags $(PACKAGES))
LIBS := $(shell pkg-config --libs $(PACKAGES)) -lpthread

library := $(patsubst $(SOURCE)/%.c,%.o,$(wildcard $(SOURCE)/lib/*/*.c $(SOURCE)/lib/*/*/*.c))
tool := $(patsubst $(SOURCE)/%.c,%.o,$(wildcard $(SOURCE)/examples/cutoverctl/*.c))
targets := $(patsubst $(SOURCE)/tests/fuzz/%.c,%,$(wildcard $(SOURCE)/tests/fuzz/fuzz_*.c))

all: $(targets)

# The tool sees the library's public names only: a function of its own may be called as a private one there is. So its
# targets are linked with it first, and such names made local.
tool_targets = fuzz_arguments fuzz_duration

$(tool_targets): fuzz_%: joined_%.o liblibrary.a
$(filter-out $(tool_targets),$(targets)): fuzz_%: tests/fuzz/fuzz_%.o liblibrary.a
$(targets):
	$(CC) -fsanitize=fuzzer,$(SANITIZERS) -o $@ $^ $(LIBS)

joined_%.o: tests/fuzz/fuzz_%.o $(tool) library.names
	ld -r -o $@ $(filter %.o,$^)
	$(NAMES) $@ | sort | comm -12 - library.names >$@.names
	[ ! -s $@.names ] || objcopy --localize-symbols=$@.names $@

library.names: liblibrary.a
	$(NAMES) $< | sort >$@

liblibrary.a: $(library) openapi_document.o
	rm -f $@ && ar rcs $@ $^

openapi_document.c: $(SOURCE)/lib/api/openapi.json
	$(SOURCE)/lib/api/embed.sh openapi_document $< >$@

$(library) $(tool) $(targets:%=tests/fuzz/%.o): %.o: $(SOURCE)/%.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

-include $(library:.o=.d) $(tool:.o=.d) $(targets:%=tests/fuzz/%.d)

.PHONY: all
.SECONDARY:
