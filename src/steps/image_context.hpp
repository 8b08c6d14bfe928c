#pragma once

#include <string>

#include "net/http.hpp"
#include "steps/image_build.hpp"

namespace dtenv {

/// What is sent to the builder: the recipe's Dockerfile, or the folder without what its
/// .dockerignore leaves out. Equal inputs give equal bytes.
Result<BodySource> open_context(const ImageBuild::Build& build);

/// The Dockerfile's text: rendered, or read from the context.
Result<std::string> dockerfile_text(const ImageBuild::Build& build);

/// Where the Dockerfile is in what open_context() sends.
std::string dockerfile_name(const ImageBuild::Build& build);

}  // namespace dtenv
