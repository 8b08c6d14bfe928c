#include <algorithm>

#include "formats/driver_repair.hpp"
#include "formats/driver_rules.hpp"
#include "formats/kernel_version.hpp"

namespace dtenv {
namespace {

using Warnings = std::vector<std::string>;

void warn_of_versions(const DriverFacts& facts, Warnings& out) {
  if (facts.modinfo.found && facts.loaded && !facts.modinfo.version.empty() &&
      facts.modinfo.version != facts.loaded->version)
    out.push_back("the module on disk is " + facts.modinfo.version +
                  ": it is loaded at the next boot");
  if (facts.libraries.versions.size() > 1)
    out.push_back("libraries of several versions: " + join(facts.libraries.versions, ", "));
  if (facts.loaded && !facts.libraries.first.empty() &&
      facts.libraries.first != facts.loaded->version)
    out.push_back("the loader finds libnvidia-ml of " + facts.libraries.first + " first");
  if (!facts.libraries.stub.empty())
    out.push_back("a stub of the CUDA toolkit stands before the driver's libcuda: " +
                  facts.libraries.stub);
  if (!facts.packages.empty() && !facts.is_held())
    out.push_back("no driver package is on hold: an unattended upgrade may replace it");
}

/// A machine may boot another kernel than it runs.
void warn_of_next_kernel(const DriverFacts& facts, Warnings& out) {
  const auto& next = facts.next_kernel;
  if (next.empty() || next == facts.kernel) return;
  if (!facts.has_module_for(next) && !facts.modinfo_next.found) {
    out.push_back("the next kernel, " + next + ", has no module nvidia: build it before a reboot");
    return;
  }
  const auto& version = facts.modinfo_next.version;
  if (facts.loaded && !version.empty() && version != facts.loaded->version)
    out.push_back("the next kernel, " + next + ", has the module " + version);
}

void warn_of_gpus(const DriverFacts& facts, Warnings& out) {
  if (facts.smi_missing) out.push_back("nvidia-smi is not installed");
  if (facts.smi.persistence_off > 0)
    out.push_back(
        "persistence is off: the first use of a GPU takes seconds and may lose its "
        "settings (start nvidia-persistenced)");
  for (const auto& error : facts.smi.ecc_errors) out.push_back(error);
  for (const auto& gpu : facts.information)
    if (gpu.excluded)
      out.push_back("PCI " + gpu.slot + " is excluded from use (GPU Excluded: Yes)");
  for (const auto& gpu : facts.gpus)
    if (!gpu.driver.empty() && gpu.driver != "nvidia")
      out.push_back("PCI " + gpu.slot + " is bound to " + gpu.driver);
}

void warn_of_boot(const DriverFacts& facts, Warnings& out) {
  for (const auto& row : facts.dkms)
    if (!row.warning.empty()) out.push_back("dkms: " + row.warning);
  const bool has_nouveau = !facts.source_line(&DriverSources::module_files, "nouveau.ko").empty();
  if (!facts.sources.blacklist || !has_nouveau) return;
  bool on_disk = false;
  for (const auto line : split_lines(*facts.sources.blacklist))
    if (contains(line, "modprobe.d") && contains(line, "nouveau")) on_disk = true;
  if (!on_disk)
    out.push_back(contains(*facts.sources.blacklist, "nouveau")
                      ? "nouveau is blacklisted by the kernel's command line alone"
                      : "nouveau is not blacklisted: it may take the GPUs at the next boot");
}

/// Containers lose GPUs at a daemon-reload where systemd cannot name the devices.
void warn_of_devices(const DriverFacts& facts, Warnings& out) {
  const auto& devices = facts.sources.devices;
  if (!devices || !contains(*devices, "nvidia0") || contains(*devices, "195:")) return;
  out.push_back(
      "/dev/char has no links to the GPUs: containers lose them at a systemctl "
      "daemon-reload (nvidia-ctk system create-dev-char-symlinks --create-all)");
}

/// GPUDirect RDMA needs nvidia_peermem, or dma-buf of an open module.
void warn_of_rdma(const DriverFacts& facts, DriverVerdict& verdict) {
  if (!facts.sources.infiniband || trim(*facts.sources.infiniband).empty()) return;
  const auto loaded = [&](std::string_view name) {
    return std::find(facts.modules.begin(), facts.modules.end(), name) != facts.modules.end();
  };
  if (loaded("nvidia_peermem") || loaded("nv_peer_mem"))
    verdict.evidence.emplace_back("GPUDirect RDMA by nvidia_peermem");
  else if (facts.is_open() && kernel_at_least(facts.kernel, 5, 12))
    verdict.evidence.emplace_back("GPUDirect RDMA by dma-buf");
  else if (!facts.log.peermem_symbols.empty())
    verdict.warnings.push_back(
        "RDMA devices and no GPUDirect: nvidia_peermem was built against another OFED (" +
        facts.log.peermem_symbols +
        "): install the driver again after DOCA-OFED, or use the open modules on kernel 5.12 or "
        "newer");
  else if (!facts.modules.empty())
    verdict.warnings.emplace_back(
        "RDMA devices and no GPUDirect: load nvidia_peermem, or use the open modules on kernel "
        "5.12 or newer");
}

/// A driver that works for now, and whose packages an installation left half done.
void warn_of_unfinished(const DriverFacts& facts, Warnings& out) {
  for (const auto& row : facts.packages)
    if (row.unfinished())
      out.push_back(row.package + " is not wholly installed (" + row.status +
                    "): dpkg --configure -a, then apt-get -f install");
}

/// CUDA 13 has no code for GPUs before Turing, whatever the driver serves.
void warn_of_cuda(const DriverFacts& facts, const DriverWish& wish, Warnings& out) {
  const auto major = parse_integer(wish.cuda.substr(0, wish.cuda.find('.')), 1, 99);
  for (const auto& gpu : facts.gpus) {
    const auto arch = gpu_arch(gpu.device);
    if (major.value_or(0) < 13 || arch == GpuArch::unknown || arch >= GpuArch::turing) continue;
    out.push_back("PCI " + gpu.slot + " is a " + std::string(gpu_arch_name(arch)) +
                  " GPU: CUDA 13 has no code for it, CUDA 12 is its last");
    return;
  }
}

}  // namespace

void warn_of_ok(const DriverFacts& facts, const DriverWish& wish, DriverVerdict& verdict) {
  const auto version = facts.version();
  verdict.evidence.push_back(version.empty() ? "the driver answers"
                                             : "driver " + version + " is loaded");
  auto& out = verdict.warnings;
  warn_of_gpus(facts, out);
  warn_of_versions(facts, out);
  warn_of_next_kernel(facts, out);
  warn_of_boot(facts, out);
  warn_of_devices(facts, out);
  warn_of_unfinished(facts, out);
  warn_of_cuda(facts, wish, out);
  warn_of_rdma(facts, verdict);
  if (!facts.nvml.why_not.empty())
    verdict.evidence.push_back("NVML was not asked: " + facts.nvml.why_not);
}

}  // namespace dtenv
