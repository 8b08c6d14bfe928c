#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "formats/dockerfile_recipe.hpp"
#include "formats/image_reference.hpp"
#include "steps/step.hpp"

namespace dtenv {

/// An image made of a recipe or of the user's own Dockerfile.
struct BuildSource {
  std::optional<Recipe> recipe;
  std::string context;  ///< a folder of the controller; empty: the recipe alone
  std::string dockerfile = "Dockerfile";
  std::vector<std::pair<std::string, std::string>> args;
  std::string target;
  std::string builder = "auto";     ///< auto, legacy or buildkit
  std::string network = "default";  ///< of RUN: default, host or none
};

/// An image of a registry.
struct PullSource {
  ImageReference reference;
  std::string username;
  std::string password_secret;
};

/// An image of an archive.
struct LoadSource {
  std::string archive;  ///< a file of the controller
  std::string image;    ///< which of its images; empty: its only one
};

/// Makes the training image once, on one machine, and hands it to every machine that lacks it: the
/// manual's parts 一.5 and 一.6.
struct ImageBuild {
  static constexpr std::string_view kind = "image_build";
  static constexpr bool whole_cluster = false;

  using Build = BuildSource;
  using Pull = PullSource;
  using Load = LoadSource;
  /// What an archive holds, remembered while the file stays the same.
  struct ArchiveMemory {
    std::string stamp;
    std::string id;
    std::string name;
  };

  struct Config {
    std::string tag;
    std::variant<Build, Pull, Load> from;
    std::string build_on;  ///< empty: the first node
    std::shared_ptr<ArchiveMemory> memory = std::make_shared<ArchiveMemory>();
  };
  struct Image {
    std::string id;
    std::string spec;                ///< the label dtenv.spec; empty: not made by this step
    std::vector<std::string> names;  ///< RepoTags and RepoDigests
    std::int64_t size = 0;
    bool manifest_id = false;  ///< the id is a manifest's (containerd's store), not a config's
  };
  struct Facts {
    bool engine = false;             ///< one answers
    std::optional<Image> image;      ///< what the tag is there
    std::vector<std::string> users;  ///< containers made of it, if it is ours
    std::string wanted;  ///< the hash of all inputs, the reference, or the archive's image id;
                         ///< empty on machines that need not know
  };

  static Config parse(JsonReader& reader);
  static Task<Result<Facts>> observe(const Config& config, Target& target);
  static Result<Plan> plan(const Config& config, const Cluster<Facts>& cluster);
  static Result<Plan> plan_destroy(const Config& config, const Cluster<Facts>& cluster);
  static Task<Result<void>> apply(const Config& config, const Change& change, Target& target);
  static Task<Result<void>> stop(const Config& config, const Change& change, Target& target);
  static void publish(const Config& config, const Cluster<Facts>& cluster, Outputs& outputs);
  static json::object describe(const Facts& facts);
};

}  // namespace dtenv
