#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_reader.hpp"
#include "base/text.hpp"

namespace dtenv {

/// A base image made of the distribution's packages alone, for sites without a registry.
struct DebootstrapBase {
  std::string suite = "bookworm";
  std::string mirror;                 ///< empty: the machine's own first source of that suite
  std::vector<std::string> packages;  ///< --include
};

/// Another repository for apt, its key in the recipe itself.
struct RecipeSource {
  std::string name;  ///< of its file
  std::string uri;
  std::vector<std::string> suites;
  std::vector<std::string> components;
  std::string key;  ///< armoured
};

/// A source archive or installer: what is fetched, and what it must be.
struct PinnedDownload {
  std::string version;
  std::string url;
  std::string sha256;
};

struct RecipeTorch {
  std::string version;
  std::string vision;     ///< torchvision's version; empty: none
  std::string index_url;  ///< empty: pip's own
};

struct RecipeDeepspeed {
  std::string version;
  bool build_ops = false;  ///< else they are built when first used
};

/// A training image, part by part (the manual's a to p), in the form the parts have today.
struct Recipe {
  std::string image = "debian:bookworm";  ///< a: the base, unless debootstrap is set
  std::optional<DebootstrapBase> debootstrap;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<std::pair<std::string, std::string>> env;
  std::string apt_mirror;  ///< b
  std::string apt_security_mirror;
  std::vector<RecipeSource> apt_sources;
  std::vector<std::string> apt_packages;
  bool git = false;                        ///< c
  std::vector<std::string> rdma_packages;  ///< d: user space; e belongs to the machine
  bool mpi_from_distro = true;             ///< f
  std::optional<PinnedDownload> mpi_source;
  bool python_from_distro = false;  ///< g
  std::optional<PinnedDownload> miniforge;
  std::string conda_python;
  std::string pip_index_url;              ///< j
  std::vector<std::string> pip_packages;  ///< each pinned with ==
  std::string mpi4py;                     ///< k: a version, "distro", or empty
  bool torch_from_distro = false;         ///< l
  std::optional<RecipeTorch> torch;
  std::string cuda_archs;                    ///< "7.0": TORCH_CUDA_ARCH_LIST
  std::string apex_commit;                   ///< m
  std::optional<RecipeDeepspeed> deepspeed;  ///< n
  std::string nccl;                          ///< o: "2.29.7-1+cuda13.2"
  bool ssh = true;                           ///< p: sshd without keys
  std::vector<Argv> commands;                ///< after all else, in exec form
  Argv command = {"sleep", "infinity"};      ///< sshd is started when its keys and port are known
};

/// Problems go to the reader; finish() is called for the recipe's own objects.
Recipe parse_recipe(JsonReader& reader);

/// The Dockerfile. Pure: the same recipe gives the same bytes.
std::string render_dockerfile(const Recipe& recipe);

/// SHA-256 of all that makes a debootstrap base what it is, and the tag it gets.
std::string debootstrap_spec(const DebootstrapBase& base);
std::string debootstrap_tag(const DebootstrapBase& base);

}  // namespace dtenv
