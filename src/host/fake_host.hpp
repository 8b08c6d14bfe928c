#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/host.hpp"

namespace dtenv {

/// A machine in memory: its files, what its commands say, its delays and its failures. For tests
/// and simulations of clusters that are not there.
class FakeHost : public Host {
 public:
  struct File {
    std::string content;
    std::uint32_t mode = 0644;
    std::string owner = "0:0";
    bool unreadable = false;
    std::string link;  ///< a symbolic link to this path
  };
  using Answer = std::function<std::optional<Outcome>(const Command&)>;

  explicit FakeHost(std::string name = "fake") : name_(std::move(name)) {}

  std::map<std::string, File> files;
  std::vector<Command> commands;  ///< all that were run, in order
  int writes = 0;
  Duration delay{0};                      ///< of every call
  std::optional<Error> failure;           ///< of every call
  std::optional<std::size_t> fail_after;  ///< calls that succeed before `failure` starts
  std::optional<Docker*> engine;          ///< what docker() gives; nullopt: NOT_FOUND

  /// The outcome of exactly this argv. Later ones win over earlier ones.
  void on(Argv argv, Outcome outcome);
  void on(Argv argv, std::string out, int exit_code = 0);
  /// Asked for each command that no argv above matches, the latest first.
  void on_any(Answer answer);

  const std::string& name() const override { return name_; }
  Task<Result<void>> connect() override;
  /// What is not scripted: exit 127, as of a program that is not there.
  Task<Result<Outcome>> run(const Command& command, OutputSink sink = {}) override;
  Task<Result<std::optional<FileState>>> read(std::string path, std::size_t limit) override;
  Task<Result<void>> write_all(std::span<const FileWrite> files_to_write) override;
  Task<Result<Docker*>> docker() override;

 private:
  Task<Result<void>> begin();
  Result<void> write_one(const FileWrite& file);
  Outcome answer(const Command& command) const;

  std::string name_;
  std::size_t calls_ = 0;
  std::map<Argv, Outcome> outcomes_;
  std::vector<Answer> answers_;
};

}  // namespace dtenv
