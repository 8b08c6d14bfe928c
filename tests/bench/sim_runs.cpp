#include "bench/sim_runs.hpp"

#include <chrono>

#include "base/text.hpp"
#include "steps/launch_preflight_programs.hpp"
#include "steps/launch_programs.hpp"

namespace dtenv {

namespace {

/// As facts_program says it on an 8-GPU machine of today, but for what is the machine's own.
constexpr std::string_view sound_facts = R"(host training
self 10.0.0.1
kernel 5.15.0-119-generic
arch x86_64
libc glibc 2.35
os Ubuntu 22.04.4 LTS
timezone +0800
path /opt/conda/bin:/usr/local/cuda/bin:/usr/bin:/bin
library_path /usr/local/cuda/lib64
mpirun mpirun (Open MPI) 4.1.4
openssh OpenSSH_8.9p1 Ubuntu-3ubuntu0.10, OpenSSL 3.0.2 15 Mar 2022
deepspeed /opt/conda/bin/deepspeed
torchrun /opt/conda/bin/torchrun
python 3.10.14
package.torch 2.4.0
package.deepspeed 0.15.1
package.numpy 1.26.4
packages 214 of digest 0b1f2e3d4c5b
nccl 2.20.5
cuda 12.4
gpus 8
driver 550.90.07
gpu NVIDIA H100 80GB HBM3;
mig Disabled;
gpu_memory 81559 MiB;
ecc Enabled;
persistence Enabled;
pcie 5, 16;
power_limit 700.00 W;
hca mlx5_0 mlx5_1 mlx5_2 mlx5_3
hca_firmware 28.39.3004;
hca_rate 400 Gb/sec (4X NDR);
infiniband yes
shm 68719476736
memlock unlimited
nofile 1048576
stack 65536
cpus 192
memory 2015
hugepages 0
thp madvise
mtu 9000
)";

Outcome said(std::string out, int exit_code = 0) {
  Outcome outcome;
  outcome.out = std::move(out);
  outcome.exit_code = exit_code;
  return outcome;
}

std::string clock_line() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return "clock " + std::to_string(std::chrono::duration<double>(now).count()) + "\n";
}

/// Each peer that is asked is there.
std::string probed(const Argv& words) {
  std::string out;
  for (std::size_t i = 3; i < words.size(); ++i)
    out += "peer " + words[i].substr(0, words[i].find('=')) + " ok\n";
  return out;
}

}  // namespace

std::optional<Outcome> SimRuns::answer(const Command& command) {
  const std::string& program = command.argv[2];
  const auto words = [&](std::size_t from) {
    return Argv(command.argv.begin() + static_cast<std::ptrdiff_t>(from), command.argv.end());
  };
  if (program == probe_program) return said(probed(words(3)));
  if (program == facts_program) {
    const std::size_t peers = command.argv.size() - 5;
    std::string out = clock_line() + std::string(sound_facts);
    if (peers > 0) out += "way ib0 " + std::to_string(peers) + " " + command.argv[5] + "\n";
    return said(std::move(out));
  }
  if (program == prepare_program || program == collect_program || program == follow_program)
    return said("");
  if (program == stop_program) return said("0\n");
  if (program == start_program) {
    files_[command.argv[4] + "/exit"] = "0\n";
    return said("");
  }
  if (program == list_program) {
    std::string out;
    for (const auto& [path, text] : files_) {
      const std::string folder = path.substr(0, path.rfind('/'));
      out += folder.substr(folder.rfind('/') + 1) + " exited " + text;
    }
    return said(std::move(out));
  }
  return std::nullopt;
}

std::optional<std::string> SimRuns::file(const std::string& path) const {
  const auto found = files_.find(path);
  if (found == files_.end()) return std::nullopt;
  return found->second;
}

}  // namespace dtenv
