#include "host/remote_frames.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "proc/environment.hpp"

namespace dtenv {

namespace {

constexpr std::size_t noise_kept = 4096;
constexpr int max_number = 1 << 30;

/// One word of a request: a newline would end it.
std::string word(std::string_view text) {
  return replace_all(quote_posix(text), "\n", "'\"$N\"'");
}

/// How many bytes at the end of `text` could be the start of `marker`.
std::size_t partial_match(std::string_view text, std::string_view marker) {
  for (std::size_t size = std::min(text.size(), marker.size() - 1); size > 0; --size)
    if (ends_with(text, marker.substr(0, size))) return size;
  return 0;
}

constexpr std::size_t brief_text = 2;  // of "sh", "-c", TEXT, "dtenv", words

bool is_brief(const Command& command) {
  return command.brief && command.env.empty() && command.argv.size() > brief_text + 1 &&
         command.argv[0] == "sh" && command.argv[1] == "-c";
}

int number(std::string_view text) {
  return static_cast<int>(parse_integer(text, 0, max_number).value_or(0));
}

}  // namespace

Result<std::string> remote_request(const Command& command, const std::string& nonce,
                                   const std::string& previous_nonce, int previous_pid) {
  if (command.argv.empty() || command.argv.front().empty())
    return Error{Status::invalid, "a command without a program"};
  if (const std::string problem = environment_problem(command.env); !problem.empty())
    return Error{Status::invalid, visible(command.argv.front()) + ": " + problem};
  const bool brief = is_brief(command);
  std::string line = nonce + " " + std::to_string(command.input.size()) + " " +
                     std::to_string(previous_pid) + " " + word(command.directory) + " " +
                     (brief ? "-" : std::to_string(command.env.size()));
  for (const auto& [name, value] : command.env) line += " " + word(name + "=" + value);
  // env would take it for one more variable.
  if (!command.env.empty() && contains(command.argv.front(), "="))
    return Error{Status::invalid, visible(command.argv.front()) + ": a program with \"=\" in it"};
  for (std::size_t i = brief ? brief_text : 0; i < command.argv.size(); ++i)
    if (!brief || i != brief_text + 1) line += " " + word(command.argv[i]);
  if (line.find('\0') != std::string::npos)
    return Error{Status::invalid, visible(command.argv.front()) + ": a NUL byte in an argument"};
  line += "\n" + command.input;
  return previous_nonce.empty() ? line : "\n" + previous_nonce + "\n" + line;
}

void RemoteFrame::feed(std::string_view bytes, Capture& capture) {
  buffer_.append(bytes);
  while (!ended() && step(capture)) {
  }
}

void RemoteFrame::pass(std::size_t count, Capture& capture) {
  if (count == 0) return;
  if (state_ == State::inside) {
    capture.add(stream_, std::string_view(buffer_).substr(0, count));
  } else {
    noise_.append(buffer_, 0, count);
    if (noise_.size() > noise_kept) noise_.erase(0, noise_.size() - noise_kept);
  }
  buffer_.erase(0, count);
}

/// Takes what it can; false when more bytes are needed.
bool RemoteFrame::step(Capture& capture) {
  const std::size_t marker = buffer_.find(nonce_);
  if (marker == std::string::npos) {
    pass(buffer_.size() - partial_match(buffer_, nonce_), capture);
    return false;
  }
  pass(marker, capture);
  const std::size_t line_end = buffer_.find('\n', nonce_.size());
  if (line_end == std::string::npos || line_end == nonce_.size()) return false;
  const char letter = buffer_[nonce_.size()];
  const int value =
      number(std::string_view(buffer_).substr(nonce_.size() + 1, line_end - nonce_.size() - 1));
  buffer_.erase(0, line_end + 1);
  if (letter == 'S') {
    state_ = State::inside;
    pid_ = value;
  } else if (letter == 'R') {
    state_ = State::refused;
  } else {
    state_ = State::ended;
    status_ = value;
  }
  return true;
}

std::string RemoteFrame::noise() const {
  return state_ == State::waiting ? noise_ + buffer_ : noise_;
}

}  // namespace dtenv
