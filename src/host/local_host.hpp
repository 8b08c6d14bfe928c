#pragma once

#include <memory>
#include <string>

#include "host/host.hpp"
#include "host/host_context.hpp"
#include "net/docker.hpp"

namespace dtenv {

/// This machine.
class LocalHost : public Host {
 public:
  LocalHost(const HostContext& context, std::string name);

  const std::string& name() const override { return name_; }
  Task<Result<void>> connect() override;
  Task<Result<Outcome>> run(const Command& command, OutputSink sink = {}) override;
  Task<Result<std::optional<FileState>>> read(std::string path, std::size_t limit) override;
  Task<Result<void>> write_all(std::span<const FileWrite> files) override;
  Task<Result<Docker*>> docker() override;

 private:
  Task<Result<bool>> try_write(const FileWrite& file);

  HostContext context_;
  std::string name_;
  std::unique_ptr<Docker> docker_;
  bool answered_ = false;
};

}  // namespace dtenv
