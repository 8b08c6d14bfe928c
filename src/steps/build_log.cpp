#include "steps/build_log.hpp"

#include "base/text.hpp"
#include "formats/buildkit_trace.hpp"

namespace dtenv {
namespace {

constexpr std::size_t kept_lines = 20;

/// A text field of the object, or empty.
std::string_view text_of(const json::object& object, std::string_view key) {
  const auto* found = object.if_contains(key);
  return found != nullptr && found->is_string() ? std::string_view(found->get_string())
                                                : std::string_view{};
}

/// Without terminal escapes: the old builder colours what a program wrote to stderr.
std::string plain(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] != '\x1b') {
      out += line[i];
      continue;
    }
    // "ESC [ 9 1 m": up to the letter that ends it.
    while (i + 1 < line.size() && (line[i] < '@' || line[i] > '~' || line[i] == '[')) ++i;
  }
  return out;
}

}  // namespace

void BuildLog::take(const json::object& object) {
  if (text_of(object, "id") == "moby.buildkit.trace") {
    take_trace(text_of(object, "aux"));
    return;
  }
  take_stream(text_of(object, "stream"));
}

void BuildLog::take_stream(std::string_view text) {
  lines_.add(text, [this](std::string_view line) { take_line(line); });
}

void BuildLog::take_line(std::string_view line) {
  const auto bare = trim(line);
  if (bare.empty()) return;
  // "Step 3/7 : RUN apt-get update", " ---> Using cache", "Removing intermediate container …"
  if (starts_with(bare, "Step ") && contains(bare, " : ")) {
    step_ = visible(bare, 160);
    last_.clear();
    progress_.text(step_);
    count_step(bare.substr(5, bare.find(' ', 5) - 5));
  } else if (!starts_with(bare, "--->") && !starts_with(bare, "Removing intermediate")) {
    take_output(bare);
  }
}

void BuildLog::take_output(std::string_view line) {
  const std::string text = plain(line);
  if (trim(text).empty()) return;
  last_.push_back(visible(text, 300));
  if (last_.size() > kept_lines) last_.pop_front();
  progress_.output("build", to_utf8(text));
}

/// "3/7" as an amount.
void BuildLog::count_step(std::string_view label) {
  const auto slash = label.find('/');
  if (slash == std::string_view::npos) return;
  const auto done = parse_integer(label.substr(0, slash), 0, 9999);
  const auto total = parse_integer(label.substr(slash + 1), 1, 9999);
  if (done && total)
    progress_.amount(static_cast<std::uint64_t>(*done), static_cast<std::uint64_t>(*total));
}

void BuildLog::take_trace(std::string_view base64_text) {
  const auto bytes = base64_decode(base64_text);
  if (!bytes) return;
  const auto trace = parse_buildkit_trace(*bytes);
  if (!trace) return;  // progress only: the build's end says whether it worked
  for (const auto& vertex : trace->vertices) {
    if (vertex.started && names_.emplace(vertex.digest, vertex.name).second &&
        !starts_with(vertex.name, "[internal]")) {
      progress_.text(visible(vertex.name, 160) + (vertex.cached ? " (cached)" : ""));
      // "[stage 2/5] RUN …", "[2/5] RUN …"
      const auto close = vertex.name.find(']');
      const auto label = std::string_view(vertex.name).substr(0, close);
      if (starts_with(label, "[")) count_step(label.substr(label.find_last_of("[ ") + 1));
    }
    if (!vertex.error.empty()) step_ = visible(vertex.name, 160);
  }
  for (const auto& log : trace->logs)
    outputs_[log.vertex].add(log.text, [this](std::string_view line) { take_output(line); });
  for (const auto& warning : trace->warnings) progress_.text("warning: " + visible(warning, 160));
}

Error BuildLog::explain(const Error& error, std::string_view what) const {
  Error out = error;
  out.message = std::string(what) + (step_.empty() ? "" : ": " + step_) + ": " + error.message;
  if (!last_.empty()) out.message += " (last output: " + last_.back() + ")";
  for (const auto& line : last_) {
    Problem problem;
    problem.problem = line;
    out.detail.push_back(std::move(problem));
  }
  return out;
}

}  // namespace dtenv
