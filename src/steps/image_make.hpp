#pragma once

#include <optional>
#include <string>

#include "net/docker.hpp"
#include "steps/image_build.hpp"

namespace dtenv {

/// The label that holds the hash of all that an image was made of.
inline constexpr std::string_view spec_label = "dtenv.spec";

/// The machine's image of that name, as far as the step looks at it.
Task<Result<std::optional<ImageBuild::Image>>> inspect_named(Docker& docker, std::string name);

/// The hash of a build's inputs; for a context its files are read. `tag` is not among them.
Task<Result<std::string>> build_spec(const ImageBuild::Build& build);
/// Builds on the target and proves that the image carries `spec`. PLAN_STALE where the context is
/// no longer what was planned.
Task<Result<void>> build_image(const ImageBuild::Config& config, const ImageBuild::Build& build,
                               std::string spec, Target& target);
Task<Result<void>> pull_image(const ImageBuild::Config& config, const ImageBuild::Pull& pull,
                              Target& target);

/// The id of the image in the archive that is meant; the file is read once while it stays as it is.
Task<Result<std::string>> archived_id(const ImageBuild::Config& config,
                                      const ImageBuild::Load& load);
Task<Result<void>> load_image(const ImageBuild::Config& config, const ImageBuild::Load& load,
                              Target& target);

/// Streams the image of `from` into the target, nothing stored on the way, and compares the ids.
Task<Result<void>> deliver_image(const ImageBuild::Config& config, std::string from,
                                 Target& target);

/// Makes the base image of the distribution's packages on the target, unless it is there.
Task<Result<void>> make_base(const DebootstrapBase& base, Target& target);
/// Removes what an ended make_base() may have left on the machine.
Task<Result<void>> clean_base(const DebootstrapBase& base, Target& target);

}  // namespace dtenv
