#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "steps/docker_config.hpp"

namespace dtenv {

// What DockerConfig plans and applies, each kind of change with the payload its apply() reads.

/// The edit of this machine's daemon.json that the document asks for.
Result<DaemonJsonMerge> wanted_daemon_json(const DockerConfig::Config& config,
                                           const DockerConfig::Facts& facts);

/// Key, source, packages; one machine's part of the plan where no engine answers.
Result<void> plan_install(const DockerConfig::Config& config, const Node& node,
                          const DockerConfig::Facts& facts, Plan& plan);
/// The same for nvidia-container-toolkit, where it is wanted and not there.
Result<void> plan_toolkit(const DockerConfig::Config& config, const Node& node,
                          const DockerConfig::Facts& facts, Plan& plan);
/// What the system around it has to allow and to start for it.
void plan_toolkit_settings(const DockerConfig::Config& config, const Node& node,
                           const DockerConfig::Facts& facts, Plan& plan);
/// The config with the toolkit's runtime among the others, where this machine is to have it.
DockerConfig::Config with_toolkit_runtime(const DockerConfig::Config& config,
                                          const DockerConfig::Facts& facts);
/// The file, its coming into force, and what an earlier apply left undone.
Result<void> plan_daemon_json(const DockerConfig::Config& config, const Node& node,
                              const DockerConfig::Facts& facts, Plan& plan);

// apply(), by the payload's "op".
Task<Result<void>> apply_key(Target& target, const json::object& payload);
Task<Result<void>> apply_source(Target& target, const json::object& payload);
Task<Result<void>> apply_packages(const DockerConfig::Config& config, Target& target,
                                  const json::object& payload);
Task<Result<void>> apply_command(Target& target, const json::object& payload);
Task<Result<void>> apply_start(Target& target, std::string unit);
Task<Result<void>> apply_daemon_json(const DockerConfig::Config& config, Target& target,
                                     const json::object& payload);
Task<Result<void>> apply_activation(const DockerConfig::Config& config, Target& target,
                                    const json::object& payload);

/// A text of a payload; empty where it has none.
std::string payload_text(const json::object& payload, std::string_view key);
std::vector<std::string> payload_texts(const json::object& payload, std::string_view key);
bool payload_flag(const json::object& payload, std::string_view key);

/// Runs the constant program with arguments; COMMAND with the daemon's last words where it fails.
Task<Result<void>> run_docker_program(Target& target, std::string_view program, Argv arguments,
                                      Duration timeout);
Task<Result<bool>> engine_answers(Target& target);
/// Waits until the engine answers /_ping; TIMEOUT with the daemon's last words.
Task<Result<void>> wait_for_engine(Target& target, Duration limit);

}  // namespace dtenv
