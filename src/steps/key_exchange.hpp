#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "steps/step.hpp"

namespace dtenv {

/// Makes the training containers (or the machines themselves) trust each other over SSH: the
/// manual's part 三. Keys are made where they are used, when they are deployed; a private key never
/// leaves the place that made it.
struct KeyExchange {
  static constexpr std::string_view kind = "key_exchange";
  static constexpr bool whole_cluster = true;

  enum class Trust { mesh, star, ca };
  enum class Logins { all, ring, none };

  struct Config {
    std::string key = "ed25519";  ///< of the user: "ed25519" or "rsa"
    int rsa_bits = 3072;
    Trust trust = Trust::mesh;
    Duration validity = std::chrono::hours(24);  ///< of certificates
    int generation = 1;             ///< another number than the keys have: they are made anew
    std::vector<std::string> from;  ///< addresses a login may come from; empty: any
    bool machine = false;           ///< trust among the machines, by their own sshd
    std::string container;          ///< empty: container_run's
    std::string listen;  ///< sshd's address; empty: the node's own where the container has it
    Logins logins = Logins::all;
    Duration login_timeout = std::chrono::seconds(5);
  };
  /// A file as it is, with what sshd and ssh are strict about. Of a large one, which is mostly
  /// ours and the same everywhere, the inside of our block stays there, or all of it.
  struct File {
    std::string text;
    std::string mode;     ///< "600"
    bool hollow = false;  ///< without the inside of our block, which is sound
    std::string sha256;   ///< of a file that was not sent at all; else empty
  };
  struct Facts {
    std::string place;  ///< the container's name, or the machine's own
    bool running = false;
    std::string cluster;  ///< the document's name for all of it
    Environ env;          ///< what `docker exec` gives: what a login should see too
    std::string user;     ///< who logs in, and his numbers and home
    std::string owner;    ///< "0:0"
    std::string home;
    int port = 0;                               ///< of the sshd that takes the logins
    int openssh = 0;                            ///< 902 for 9.2; 0: not known
    std::int64_t now = 0;                       ///< the clock there, where certificates are used
    std::string missing;                        ///< "sshd" or "ssh-keygen": not in the image
    bool locked = false;                        ///< an account that sshd without PAM refuses
    std::vector<std::string> addresses;         ///< that the container's network has
    std::map<std::string, File> files;          ///< by role, see key_files.hpp
    std::string key_mode;                       ///< of the private key; empty: there is none
    std::string folder_mode;                    ///< of ~/.ssh; empty: there is none
    bool sshd_running = false;                  ///< ours, begun after its configuration was written
    std::map<std::string, std::string> logins;  ///< by node: "ok", or cause and text
    std::map<std::string, std::int64_t> login_ms;
    std::vector<std::string> parity;  ///< in what a login differs from `docker exec`
  };

  static Config parse(JsonReader& reader);
  static Task<Result<Facts>> observe(const Config& config, Target& target);
  static Result<Plan> plan(const Config& config, const Cluster<Facts>& cluster);
  static Result<Plan> plan_destroy(const Config& config, const Cluster<Facts>& cluster);
  /// Files of ~/.ssh that stand one behind the other are written in one round trip.
  static std::size_t together(std::span<const Change> changes);
  static Task<Result<void>> apply(const Config& config, std::span<const Change> changes,
                                  Target& target);
  static void publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs);
  static json::object describe(const Facts& facts);
};

}  // namespace dtenv
