// hostfile_bench FILE DIALECT RUNS: reads the hostfile, parses it, writes it again and the ssh
// config of its hosts, RUNS times; prints the processor seconds of each, "PARSE ALL" a line
// (tests/bench/hostfile.py).
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <string_view>

#include "formats/hostfile.hpp"
#include "formats/ssh_config.hpp"

using namespace dtenv;

namespace {

double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct File {
  std::unique_ptr<char[]> bytes;
  std::size_t size;
  std::string_view text() const { return {bytes.get(), size}; }
};

File read(const char* path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::size_t>(file.tellg());
  File read{std::unique_ptr<char[]>(new char[size]), size};
  file.seekg(0);
  file.read(read.bytes.get(), static_cast<std::streamsize>(size));
  return read;
}

bool run_once(const char* path, HostfileDialect dialect) {
  const double begin = processor_seconds();
  const File bytes = read(path);
  const auto file = parse_hostfile(bytes.text(), dialect);
  const double parsed = processor_seconds();
  if (!file) return false;
  const auto rendered = render_hostfile(file->hosts, dialect);
  SshConfigOptions options;
  options.identity_file = "/root/.ssh/dtenv";
  options.known_hosts_file = "/root/.ssh/dtenv_known_hosts";
  const auto config = render_ssh_config(file->hosts, options);
  const double all = processor_seconds();
  if (!rendered || !config || rendered->text.size() + config->size() == 0) return false;
  std::printf("%.6f %.6f\n", parsed - begin, all - begin);
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto dialect = parse_dialect(argv[2]);
  if (!dialect) return 2;
  // A heap that keeps what it had, as an interpreter's does: else half of the time is the kernel's
  // clearing of the same pages run after run.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 25);  // glibc takes no more
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
  for (int runs = std::atoi(argv[3]); runs > 0; --runs)
    if (!run_once(argv[1], *dialect)) return 1;
  return 0;
}
