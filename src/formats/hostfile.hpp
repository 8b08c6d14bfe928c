#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace dtenv {

/// Whose grammar: dtenv's own (a superset, strict), or one that accepts and rejects what that
/// launcher does: DeepSpeed 0.8 and later, Open MPI 3 and 4, Open MPI 5 (PRRTE), Hydra (MPICH 4),
/// Intel MPI's Hydra by its -machinefile (of -f it takes the names alone), Slurm's node list (`srun
/// -w`, `scontrol show hostnames`). torchrun reads no file: its list is the agents' names, one a
/// line in the order of --node-rank, the first the master.
enum class HostfileDialect {
  dtenv,
  deepspeed,
  openmpi,
  openmpi5,
  hydra,
  intelmpi,
  slurm,
  torchrun
};

/// All of them, in the order above.
const std::vector<HostfileDialect>& hostfile_dialects();

std::string_view dialect_name(HostfileDialect dialect);
std::optional<HostfileDialect> parse_dialect(std::string_view name);

/// One machine of a hostfile.
struct HostEntry {
  using Attributes = std::vector<std::pair<std::string, std::string>>;

  std::string name;
  std::optional<std::int64_t> slots;  ///< nullopt: "auto", the GPUs found; or not the list's to say
  std::optional<std::int64_t> max_slots;
  std::optional<int> port;
  std::string user;
  /// What only dtenv's dialect has: addr, data_ip, type, gpus, label.NAME …, in the file's order.
  Attributes attributes;
  int line = 0;

  bool operator==(const HostEntry&) const = default;
};

struct Hostfile {
  std::vector<HostEntry> hosts;
  std::vector<Problem> warnings;  ///< what the launcher would take otherwise than it reads
};

/// All problems of the text in one pass, each with its line, column and what to do: CONFIG.
Result<Hostfile> parse_hostfile(std::string_view text, HostfileDialect dialect);

struct RenderedHostfile {
  std::string text;
  std::vector<std::string> lost;  ///< fields some host has and the dialect cannot carry
};

/// CONFIG where a host cannot stand in that dialect at all (an IPv6 address, no slots, a bad name).
Result<RenderedHostfile> render_hostfile(const std::vector<HostEntry>& hosts,
                                         HostfileDialect dialect);

}  // namespace dtenv
