#pragma once

#include <map>
#include <memory>
#include <string>

#include "bench/sim_runs.hpp"
#include "host/host.hpp"
#include "host/ssh_failure.hpp"
#include "net/docker.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// A file in memory, as key_exchange's programs tell it: what many machines have alike once.
struct SimText {
  SharedText whole;
  std::string hollow;  ///< without the inside of our block; empty: there is none
  std::string sha256;
};

/// What all machines of a simulation share: the texts they were given.
class SimTexts {
 public:
  std::shared_ptr<const SimText> keep(std::string_view text);

 private:
  std::map<std::string, std::shared_ptr<const SimText>, std::less<>> known_;  // by their beginnings
};

/// How a simulated machine behaves.
struct SimBehaviour {
  Duration dial{50};
  int refusals = 0;  ///< dials that find its sshd busy before one succeeds
  bool down = false;
};

/// A machine that is not there, with one training container that runs: in-memory transport, files
/// in memory, and the constant programs of dtenv answered as a machine would, in their own
/// protocol.
class SimMachine final : public Host, public Docker {
 public:
  SimMachine(const Node& node, SimTexts& texts, SimBehaviour behaviour);

  const std::string& name() const override { return node_.name; }
  Task<Result<void>> connect() override;
  Task<Result<Outcome>> run(const Command& command, OutputSink sink) override;
  Task<Result<std::optional<FileState>>> read(std::string path, std::size_t limit) override;
  Task<Result<void>> write_all(std::span<const FileWrite> files) override;
  Task<Result<Docker*>> docker() override;

  Task<Result<EngineVersion>> version() override;
  void forget() override {}
  Task<Result<json::value>> get(std::string path, Duration timeout) override;
  Task<Result<json::value>> post(std::string path, json::value body, Duration timeout,
                                 bool* not_modified) override;
  Task<Result<json::value>> remove(std::string path, Duration timeout) override;
  Task<Result<void>> stream(std::string path, Environ headers, BodySource body, JsonLine line,
                            Duration idle) override;
  Task<Result<void>> download(std::string path, BodySink sink, Duration idle) override;
  Task<Result<Outcome>> exec(std::string container, const Command& command, OutputSink sink,
                             std::string user,
                             std::function<void(const std::string& id)> on_start) override;
  Task<Result<ExecState>> exec_state(std::string id) override;
  Task<Result<void>> end_marked(std::string container, std::string marker, std::string user,
                                Duration grace) override;
  Task<Result<void>> logs(std::string container, int tail, OutputSink sink) override;

  /// The file as it was written; null: there is none.
  SharedText file(const std::string& path) const;

 private:
  struct File {
    std::shared_ptr<const SimText> text;
    std::string mode;
  };
  Task<std::optional<SshFailure>> dial();
  Outcome answer(const Command& command);
  std::string look() const;
  Outcome write_files(const Argv& words, std::string_view input);
  Outcome read_file(const std::string& path) const;

  const Node node_;
  SimTexts& texts_;
  SimBehaviour behaviour_;
  std::map<std::string, File> files_;  // in the container
  std::string user_key_;
  std::string host_key_;
  bool sshd_runs_ = false;
  SimRuns runs_;
};

}  // namespace dtenv
