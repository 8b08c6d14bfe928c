#include "steps/pull_progress.hpp"

#include "base/text.hpp"

namespace dtenv {
namespace {

std::string text_of(const json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string{};
}

std::uint64_t number_of(const json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  return found != nullptr && found->is_int64() && found->get_int64() > 0
             ? static_cast<std::uint64_t>(found->get_int64())
             : 0;
}

}  // namespace

void PullProgress::take(const json::object& object) {
  const auto id = text_of(object, "id");
  const auto status = text_of(object, "status");
  const auto* detail = object.if_contains("progressDetail");
  if (status == "Downloading" && detail != nullptr && detail->is_object()) {
    layers_[id] = {number_of(detail->get_object(), "current"),
                   number_of(detail->get_object(), "total")};
    std::uint64_t done = 0;
    std::uint64_t all = 0;
    for (const auto& [layer, amount] : layers_) {
      done += amount.first;
      all += amount.second;
    }
    progress_.amount(done, all);
  } else if (status == "Download complete") {
    layers_[id].first = layers_[id].second;
  } else if (status == "Pull complete" || starts_with(status, "Digest:") ||
             starts_with(status, "Status:") || starts_with(status, "Retrying")) {
    progress_.text(id.empty() ? visible(status, 160) : id + ": " + visible(status, 160));
  }
}

}  // namespace dtenv
