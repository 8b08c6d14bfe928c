/* Memory that ends at one allocation, or from one on, in each call that needs no session: the
 * status is NOMEM (or what it is without the fault, where the call could do without), nothing is
 * thrown at a C program, nothing leaks. The program's own malloc stands before libc's, for the
 * library too. */
#include <errno.h>
#include <string.h>

#include "check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_ITS_OWN_MALLOC
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_ITS_OWN_MALLOC
#endif

#ifdef HAS_ITS_OWN_MALLOC
int main(void) {
  puts("skipped: a sanitizer has a malloc of its own");
  return 0;
}
#else

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);

static long count; /* of allocations since the last call began */
static long live;  /* of blocks that are not freed */
static long fail_at = -1;
static int from_then_on;

static int fails(void) {
  ++count;
  if (fail_at < 0 || (count != fail_at && !(from_then_on && count > fail_at))) return 0;
  errno = ENOMEM;
  return 1;
}

static void* kept(void* block) {
  if (block != NULL) ++live;
  return block;
}

void* malloc(size_t size) {
  return fails() ? NULL : kept(__libc_malloc(size));
}
void* calloc(size_t number, size_t size) {
  return fails() ? NULL : kept(__libc_calloc(number, size));
}
void* aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : kept(__libc_memalign(alignment, size));
}
void* realloc(void* old, size_t size) {
  if (old == NULL) return malloc(size);
  return fails() ? NULL : __libc_realloc(old, size);
}
void free(void* block) {
  if (block != NULL) --live;
  __libc_free(block);
}

static const char environment[] =
    "{\"v\": 1, \"cluster\": \"c\", \"nodes\": [{\"name\": \"a\", \"address\": \"10.0.0.1\"}],"
    " \"steps\": [{\"kind\": \"driver_check\", \"install\": \"repair\", \"cuda\": \"12.4\"},"
    "  {\"kind\": \"docker_config\", \"registry_mirrors\": [\"https://m.example.com\"],"
    "   \"runtimes\": {\"nvidia\": {\"path\": \"/usr/bin/nvidia-container-runtime\"}}}]}";
static const char wrong_environment[] =
    "{\"v\": 1, \"cluster\": \"c\", \"nodes\": [], \"steps\": [{\"kind\": \"docker_config\","
    " \"mirors\": [], \"config_file\": \"x\"}]}";
static const char merge[] =
    "{\"text\": \"{\\n  \\\"log-opts\\\": {\\\"max-size\\\": \\\"10m\\\"}\\n}\\n\","
    " \"engine_version\": \"20.10.24\", \"actions\": [{\"op\": \"add_mirrors\","
    "  \"urls\": [\"https://m.example.com\"]}, {\"op\": \"add_runtime\", \"name\": \"nvidia\","
    "  \"path\": \"/usr/bin/nvidia-container-runtime\"}], \"unit_flags\": [\"-H\", \"fd://\"]}";
static const char verdict[] =
    "{\"pci\": \"/sys/bus/pci/devices/0000:06:00.0/vendor:0x10de\\n"
    "/sys/bus/pci/devices/0000:06:00.0/device:0x1db1\\n"
    "/sys/bus/pci/devices/0000:06:00.0/class:0x030200\\n\","
    " \"kernel\": \"6.8.0-45-generic\", \"dkms\": \"nvidia/550.54.14: added\\n\","
    " \"dpkg\": \"ii \\tnvidia-dkms-550-server\\t550.54.14-0\\tamd64\\n\","
    " \"kernel_log\": \"NVRM: Xid (PCI:0000:06:00): 79, GPU has fallen off the bus.\\n\","
    " \"nvidia_smi\": {\"stdout\": \"No devices were found\", \"stderr\": \"\", \"exit\": 6}}";
static const char error_text[] = "{\"text\": \"NVRM: API mismatch; E: NO_PUBKEY 1\"}";

struct call {
  const char* function; /* of dtenv_eval; NULL: dtenv_validate, "": dtenv_step_schema */
  const char* argument;
  dtenv_status wanted;
};

static const struct call calls[] = {
    {"daemon_json.merge", merge, DTENV_OK},
    {"daemon_json.merge", "{\"text\": \"{\\\"debug\\\": 1,\", \"actions\": []}", DTENV_E_CONFIG},
    {"driver.verdict", verdict, DTENV_OK},
    {"explain", error_text, DTENV_OK},
    {"hostfile.parse", "{\"text\": \"a slots=4\\n\", \"dialect\": \"openmpi\"}", DTENV_OK},
    {NULL, environment, DTENV_OK},
    {NULL, wrong_environment, DTENV_E_CONFIG},
    {"", "docker_config", DTENV_OK},
};

static dtenv_status make(const struct call* call) {
  dtenv_error* error = NULL;
  char* out = NULL;
  dtenv_status status;
  if (call->function == NULL)
    status = dtenv_validate(call->argument, &error);
  else if (*call->function == '\0')
    status = dtenv_step_schema(call->argument, &out, &error);
  else
    status = dtenv_eval(call->function, call->argument, &out, &error);
  fail_at = -1;
  CHECK(status == DTENV_OK || out == NULL);
  CHECK((status == DTENV_OK) == (error == NULL));
  CHECK(status == DTENV_OK || *dtenv_error_message(error) != '\0');
  dtenv_free(out);
  dtenv_error_free(error);
  return status;
}

int main(void) {
  size_t i;
  long points = 0, refused = 0;
  for (i = 0; i < sizeof calls / sizeof *calls; ++i) {
    long all, at, step, before;
    CHECK_STATUS(calls[i].wanted, make(&calls[i])); /* what is made once and kept */
    count = 0;
    before = live;
    CHECK_STATUS(calls[i].wanted, make(&calls[i]));
    CHECK(live == before);
    all = count;
    step = all / 500 + 1;
    for (at = 1; at <= all; at += step)
      for (from_then_on = 0; from_then_on < 2; ++from_then_on) {
        dtenv_status status;
        before = live;
        count = 0;
        fail_at = at;
        status = make(&calls[i]);
        if (status != DTENV_E_NOMEM && status != calls[i].wanted) {
          fprintf(stderr, "%s, allocation %ld of %ld: %s\n",
                  calls[i].function == NULL ? "validate" : calls[i].function, at, all,
                  dtenv_status_name(status));
          return 1;
        }
        if (live != before) {
          fprintf(stderr, "%s, allocation %ld of %ld: %ld blocks leak\n",
                  calls[i].function == NULL ? "validate" : calls[i].function, at, all,
                  live - before);
          return 1;
        }
        ++points;
        if (status == DTENV_E_NOMEM) ++refused;
      }
  }
  CHECK(refused > points / 2);
  printf("%ld allocations failed, %ld calls gave NOMEM, none leaked\n", points, refused);
  return 0;
}
#endif
