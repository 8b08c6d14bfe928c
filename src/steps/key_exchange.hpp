#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "steps/step.hpp"

namespace dtenv {

/// Makes the training containers trust each other over SSH: the manual's part 三. Keys are made in
/// the containers when they are deployed; a private key never leaves the container that made it.
struct KeyExchange {
  static constexpr std::string_view kind = "key_exchange";
  static constexpr bool whole_cluster = true;

  struct Config {
    std::string key = "ed25519";  ///< of the user: "ed25519" or "rsa"
    int rsa_bits = 3072;
    std::string trust = "mesh";
    std::string container;  ///< empty: container_run's
    std::string listen;     ///< sshd's address; empty: the node's own where the container has it
  };
  /// A file as it is, with what sshd and ssh are strict about.
  struct File {
    std::string text;
    std::string mode;  ///< "600"
  };
  struct Facts {
    std::string container;
    bool running = false;
    Environ env;                         ///< what `docker exec` gives: what a login should see too
    std::string home;                    ///< of the node's container_user
    std::string missing;                 ///< "sshd" or "ssh-keygen": not in the image
    std::vector<std::string> addresses;  ///< that the container's network has
    std::map<std::string, File> files;   ///< by role, see key_files.hpp
    std::string key_mode;                ///< of the private key; empty: there is none
    bool sshd_running = false;           ///< ours, begun after its configuration was written
    std::map<std::string, std::string> logins;  ///< by node: "ok", or cause and text
    std::string login_path;  ///< PATH as a login to itself has it; empty: not known
  };

  static Config parse(JsonReader& reader);
  static Task<Result<Facts>> observe(const Config& config, Target& target);
  static Result<Plan> plan(const Config& config, const Cluster<Facts>& cluster);
  static Result<Plan> plan_destroy(const Config& config, const Cluster<Facts>& cluster);
  static Task<Result<void>> apply(const Config& config, const Change& change, Target& target);
  static void publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs);
  static json::object describe(const Facts& facts);
};

}  // namespace dtenv
