#pragma once

#include <string>

#include "host/host.hpp"
#include "net/docker.hpp"

namespace dtenv {

/// The inside of a running container: the same calls, over `exec` of the machine's engine.
class ContainerHost : public Host {
 public:
  /// `user`: whose programs run; empty: the container's own.
  ContainerHost(Docker& docker, std::string container, std::string name, std::string user = {});

  const std::string& name() const override { return name_; }
  Task<Result<void>> connect() override;
  Task<Result<Outcome>> run(const Command& command, OutputSink sink = {}) override;
  Task<Result<std::optional<FileState>>> read(std::string path, std::size_t limit) override;
  Task<Result<void>> write_all(std::span<const FileWrite> files) override;
  Task<Result<Docker*>> docker() override;

 private:
  Docker& docker_;
  std::string container_;
  std::string name_;
  std::string user_;
};

}  // namespace dtenv
