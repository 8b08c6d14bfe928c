#include "process_state.h"

#include <dirent.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

extern char** environ;

int count_fds(void) {
  DIR* folder = opendir("/proc/self/fd");
  int count = 0;
  CHECK(folder != NULL);
  while (readdir(folder) != NULL) ++count;
  closedir(folder);
  return count;
}

/* One line of /proc/self/task/TID/status: enough to see "SigBlk:". */
static unsigned long long blocked_of(const char* status) {
  unsigned long long mask = 0;
  const char* line = strstr(status, "SigBlk:");
  CHECK(line != NULL && sscanf(line, "SigBlk: %llx", &mask) == 1);
  return mask;
}

int count_masked_threads(void) {
  /* 9 and 19 cannot be blocked; 32 and 33 are the C library's own. */
  const unsigned long long free_to_be = 1ULL << 8 | 1ULL << 18 | 3ULL << 31;
  DIR* folder = opendir("/proc/self/task");
  const struct dirent* entry;
  int count = 0;
  CHECK(folder != NULL);
  while ((entry = readdir(folder)) != NULL) {
    char path[512];
    char status[4096];
    size_t size;
    FILE* file;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
    file = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
    if (file == NULL) continue;
    size = fread(status, 1, sizeof status - 1, file);
    status[size] = '\0';
    fclose(file);
    if (strncmp(status, "Name:\tdtenv", 11) != 0) continue;
    ++count;
    if ((blocked_of(status) | free_to_be) != ~0ULL) {
      closedir(folder);
      return -1;
    }
  }
  closedir(folder);
  return count;
}

static unsigned long sum_environment(void) {
  unsigned long sum = 5381;
  char** entry;
  for (entry = environ; *entry != NULL; ++entry) {
    const char* byte;
    for (byte = *entry; *byte != '\0'; ++byte) sum = sum * 33 + (unsigned char)*byte;
    sum = sum * 33 + 1;
  }
  return sum;
}

static int count_children(void) {
  char text[4096] = "";
  int count = 0;
  char* word;
  FILE* file = fopen("/proc/thread-self/children", "re");
  if (file == NULL) return 0; /* a kernel without CONFIG_PROC_CHILDREN */
  CHECK(fread(text, 1, sizeof text - 1, file) < sizeof text - 1);
  fclose(file);
  for (word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) ++count;
  return count;
}

void read_process_state(struct process_state* state) {
  int i;
  memset(state, 0, sizeof *state);
  for (i = 1; i <= SIGNAL_COUNT; ++i) sigaction(i, NULL, &state->dispositions[i]);
  sigprocmask(SIG_BLOCK, NULL, &state->mask);
  state->umask_bits = umask(0);
  umask(state->umask_bits);
  CHECK(getcwd(state->cwd, sizeof state->cwd) != NULL);
  snprintf(state->locale, sizeof state->locale, "%s", setlocale(LC_ALL, NULL));
  snprintf(state->zone, sizeof state->zone, "%s/%s", tzname[0], tzname[1]);
  state->environment = sum_environment();
  state->environment_at = environ;
  state->fds = count_fds();
  state->children = count_children();
  for (i = 0; i < RLIMIT_NLIMITS; ++i) getrlimit((__rlimit_resource_t)i, &state->limits[i]);
}

const char* compare_process_state(const struct process_state* before,
                                  const struct process_state* after) {
  static char text[64];
  int i;
  for (i = 1; i <= SIGNAL_COUNT; ++i) {
    const struct sigaction* was = &before->dispositions[i];
    const struct sigaction* is = &after->dispositions[i];
    if (was->sa_handler == is->sa_handler && was->sa_flags == is->sa_flags) continue;
    snprintf(text, sizeof text, "the disposition of signal %d", i);
    return text;
  }
  for (i = 1; i <= SIGNAL_COUNT; ++i)
    if (sigismember(&before->mask, i) != sigismember(&after->mask, i)) return "the signal mask";
  if (before->umask_bits != after->umask_bits) return "the umask";
  if (strcmp(before->cwd, after->cwd) != 0) return "the working folder";
  if (strcmp(before->locale, after->locale) != 0) return "the locale";
  if (strcmp(before->zone, after->zone) != 0) return "the time zone";
  if (before->environment != after->environment) return "the environment";
  if (before->environment_at != after->environment_at) return "where the environment is";
  if (before->fds != after->fds) return "the number of open descriptors";
  if (before->children != after->children) return "the number of children";
  if (memcmp(before->limits, after->limits, sizeof before->limits) != 0) return "a limit";
  return NULL;
}
