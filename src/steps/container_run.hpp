#pragma once

#include <map>
#include <string>
#include <vector>

#include "formats/container_spec.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// Runs the training container on every machine: the manual's part 二. It converges by a label that
/// holds the hash of what is wanted; a container that is not ours is never touched.
struct ContainerRun {
  static constexpr std::string_view kind = "container_run";
  static constexpr bool whole_cluster = false;

  struct Config {
    std::string name;
    std::string image;  ///< empty: image_build's tag
    ContainerSpec spec;
    std::map<std::string, ContainerSpec> nodes;  ///< whole specs of the nodes that differ
    bool keep_alive = true;  ///< without a command: stay up, instead of the image's own CMD
    bool peer_hosts = true;  ///< every node's name, and its own host name, in /etc/hosts
    bool create_host_paths =
        true;  ///< missing folders of volumes are made (by the engine, as root)
  };
  struct Facts {
    bool engine = false;
    std::string cluster;
    std::string image;            ///< its name; empty: none is known yet
    bool image_promised = false;  ///< image_build brings it
    std::string image_id;         ///< what the name stands for here; empty: not here yet
    std::string container_id;     ///< of a container of that name; empty: none
    std::string container_image_id;
    std::string container_image;
    std::string state;          ///< "running", "exited", …
    std::string label_cluster;  ///< whose it is; empty: not ours
    std::string label_spec;
    std::vector<std::string> missing_paths;  ///< folders of volumes that are not on the machine
  };

  static Config parse(JsonReader& reader);
  static Task<Result<Facts>> observe(const Config& config, Target& target);
  static Result<Plan> plan(const Config& config, const Cluster<Facts>& cluster);
  /// Removes the containers of this name that carry this cluster's label, and no others.
  static Result<Plan> plan_destroy(const Config& config, const Cluster<Facts>& cluster);
  static Task<Result<void>> apply(const Config& config, const Change& change, Target& target);
  static void publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs);
  static json::object describe(const Facts& facts);
};

constexpr std::string_view cluster_label = "dtenv.cluster";
constexpr std::string_view node_label = "dtenv.node";
constexpr std::string_view spec_label = "dtenv.spec";

/// The options of a container_run step or of one of its `nodes`. Problems go to the reader.
void parse_container_options(JsonReader& reader, ContainerSpec& spec, bool unsafe_mounts);

/// The container of one machine as the document wants it, labels aside. Pure.
ContainerSpec container_for(const ContainerRun::Config& config, const Node& node,
                            const std::vector<Node>& nodes, const std::string& image);
/// What the label dtenv.spec holds.
std::string spec_hash(const ContainerSpec& spec);

}  // namespace dtenv
