/* A scheduler loads us as a plugin: loading starts nothing, and unloading tears nothing down. */
#include <dirent.h>
#include <dlfcn.h>

#include "check.h"

static int count_threads(void) {
  DIR* folder = opendir("/proc/self/task");
  int count = -2; /* "." and ".." */
  CHECK(folder != NULL);
  while (readdir(folder) != NULL) ++count;
  closedir(folder);
  return count;
}

int main(void) {
  const int threads = count_threads();
  int round;
  for (round = 0; round < 3; ++round) {
    void* library = dlopen(DTENV_LIBRARY_FILE, RTLD_NOW | RTLD_LOCAL);
    const char* (*version)(void);
    CHECK(library != NULL);
    *(void**)&version = dlsym(library, "dtenv_version");
    CHECK(version != NULL && version()[0] == '1');
    CHECK(count_threads() == threads);
    dlclose(library);
  }
  return 0;
}
