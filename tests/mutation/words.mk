# Read after the build folder's Makefile: its words for compiling and linking, for tests/mutation/run.sh.
mutation-compile:
	@echo '$(COMPILE)'
mutation-link:
	@echo '$(CC) $(AM_CFLAGS) $(CFLAGS) $(AM_LDFLAGS) $(LDFLAGS)'
mutation-libraries:
	@echo '$(CMOCKA_LIBS) $(library_libs) $(LIBS)'
mutation-objects:
	@echo '$(tests_$(patsubst tests_%,%,$(PROGRAM))_OBJECTS)'
mutation-flags:
	@echo '$(tests_$(patsubst tests_%,%,$(PROGRAM))_LDFLAGS)'
.PHONY: mutation-compile mutation-link mutation-libraries mutation-objects mutation-flags
