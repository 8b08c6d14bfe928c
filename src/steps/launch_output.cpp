#include "steps/launch_output.hpp"

#include "base/digest.hpp"
#include "formats/mpi_output.hpp"

namespace dtenv {

namespace {

constexpr std::string_view traceback_start = "Traceback (most recent call last):";
/// Longer ones are given as they come: a rank cannot make us hold more.
constexpr std::size_t traceback_limit = 32768;
constexpr std::size_t traceback_kinds = 1000;

void keep_tail(std::string& tail, std::string_view line) {
  tail.append(line.substr(0, 4096)).push_back('\n');
  if (tail.size() > 16384) tail.erase(0, tail.size() - 8192);
}

}  // namespace

void TracebackFold::add(int rank, std::string_view line, const Give& give) {
  const auto open = open_.find(rank);
  if (open == open_.end()) {
    if (line == traceback_start)
      open_[rank] = std::string(line) + "\n";
    else
      give(rank, line);
    return;
  }
  open->second.append(line).push_back('\n');
  // Frames are indented; the first line that is not names the exception and ends it.
  const bool inside = line.empty() || line[0] == ' ' || line[0] == '\t';
  if (!inside || open->second.size() > traceback_limit) end(rank, give);
}

void TracebackFold::end(int rank, const Give& give) {
  const std::string text = std::move(open_[rank]);
  open_.erase(rank);
  const std::string digest = sha256(text);
  const auto found = seen_.find(digest);
  if (found != seen_.end()) {
    found->second.push_back(rank);
    return;
  }
  if (seen_.size() < traceback_kinds) seen_[digest];
  for (const std::string_view line : split_lines(text)) give(rank, line);
}

void TracebackFold::finish(const Give& give) {
  while (!open_.empty()) end(open_.begin()->first, give);
  for (const auto& [digest, ranks] : seen_) {
    if (ranks.empty()) continue;
    std::string text;
    for (std::size_t i = 0; i < ranks.size() && i < 64; ++i)
      text += (i > 0 ? ", " : "") + std::to_string(ranks[i]);
    give(ranks.front(), "the same traceback came from " + std::to_string(ranks.size()) +
                            (ranks.size() == 1 ? " more rank: " : " more ranks: ") + text);
  }
  seen_.clear();
}

LaunchOutput::LaunchOutput(const LaunchOrder& order, std::string node, Progress& progress)
    : order_(order), node_(std::move(node)), progress_(progress) {
  give_ = [this](int rank, std::string_view line) { tell_rank(rank, true, line); };
}

void LaunchOutput::take(Stream stream, std::string_view bytes) {
  auto& buffer = stream == Stream::out ? out_ : err_;
  buffer.add(bytes, [&](std::string_view line) { tell(stream, line); });
}

void LaunchOutput::finish() {
  out_.finish([&](std::string_view line) { tell(Stream::out, line); });
  err_.finish([&](std::string_view line) { tell(Stream::err, line); });
  fold_.finish(give_);
}

void LaunchOutput::tell(Stream stream, std::string_view line) {
  if (is_failure_mark(line)) return;
  const auto tagged = parse_tagged_line(line);
  if (tagged && tagged->error) {
    fold_.add(tagged->rank, tagged->text, give_);
  } else if (tagged) {
    tell_rank(tagged->rank, false, tagged->text);
  } else {
    keep_tail(tail_, line);
    progress_.output(node_ + (stream == Stream::out ? " out" : " err"), line);
  }
}

void LaunchOutput::tell_rank(int rank, bool error, std::string_view line) {
  const auto index = static_cast<std::size_t>(rank);
  const std::string& host = index < order_.rank_hosts.size() ? order_.rank_hosts[index] : node_;
  if (error) keep_tail(rank_tail_, line);
  progress_.output(host + " rank " + std::to_string(rank) + (error ? " err" : " out"), line);
}

}  // namespace dtenv
