// What the engine says of an image.
#include <boost/json.hpp>

#include "steps/image_make.hpp"

namespace dtenv {
namespace {

std::string text_at(const json::value& value, std::string_view pointer) {
  boost::system::error_code absent;
  const auto* found = value.find_pointer(pointer, absent);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

void add_names(const json::value& value, std::string_view pointer, std::vector<std::string>& out) {
  boost::system::error_code absent;
  const auto* found = value.find_pointer(pointer, absent);
  if (found == nullptr || !found->is_array()) return;
  for (const auto& name : found->get_array())
    if (name.is_string()) out.emplace_back(name.get_string());
}

}  // namespace

Task<Result<std::optional<ImageBuild::Image>>> inspect_named(Docker& docker, std::string name) {
  std::optional<ImageBuild::Image> image;
  DT_CO_TRY_ASSIGN(const auto about, co_await docker.inspect_image(std::move(name)));
  if (!about) co_return image;
  image.emplace();
  image->id = text_at(*about, "/Id");
  image->spec = text_at(*about, "/Config/Labels/" + std::string(spec_label));
  add_names(*about, "/RepoTags", image->names);
  add_names(*about, "/RepoDigests", image->names);
  boost::system::error_code absent;
  const auto* size = about->find_pointer("/Size", absent);
  if (size != nullptr && size->is_int64()) image->size = size->get_int64();
  const auto* descriptor = about->find_pointer("/Descriptor", absent);
  image->manifest_id = descriptor != nullptr && descriptor->is_object();
  co_return image;
}

}  // namespace dtenv
