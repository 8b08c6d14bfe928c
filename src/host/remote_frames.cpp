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

constexpr std::size_t brief_words = 4;  // behind "sh", "-c", TEXT, "dtenv"

/// Up to what is to run; before it, what was not read is skipped.
std::string line_begin(const std::string& directory, std::size_t input, const std::string& nonce,
                       const ChannelState& channel) {
  const std::string skipped = channel.nonce.empty() ? "" : "\n" + channel.nonce + "\n";
  return skipped + nonce + " " + std::to_string(input) + " " + std::to_string(channel.pid) + " " +
         word(directory) + " ";
}

Result<std::string> with_words(std::string line, const Command& command, std::size_t from) {
  for (std::size_t i = from; i < command.argv.size(); ++i) line += " " + word(command.argv[i]);
  if (line.find('\0') == std::string::npos) return line + "\n";
  return Error{Status::invalid, visible(command.argv.front()) + ": a NUL byte in an argument"};
}

int number(std::string_view text) {
  return static_cast<int>(parse_integer(text, 0, max_number).value_or(0));
}

}  // namespace

bool is_brief(const Command& command) {
  return command.brief && command.env.empty() && command.argv.size() >= brief_words &&
         command.argv[0] == "sh" && command.argv[1] == "-c";
}

const std::string& brief_text(const Command& command, bool has_agent) {
  return has_agent && !command.perl.empty() ? command.perl : command.argv[2];
}

Result<std::string> remote_request(const Command& command, const std::string& nonce,
                                   const ChannelState& channel, std::string_view text) {
  if (command.argv.empty() || command.argv.front().empty())
    return Error{Status::invalid, "a command without a program"};
  if (const std::string problem = environment_problem(command.env); !problem.empty())
    return Error{Status::invalid, visible(command.argv.front()) + ": " + problem};
  std::string line = line_begin(command.directory, command.input.size(), nonce, channel);
  if (is_brief(command)) {
    const std::string program = std::to_string(channel.program);
    line += channel.is_known ? "-" + program : "=" + program + " " + std::to_string(text.size());
    DT_TRY_ASSIGN(line, with_words(std::move(line), command, brief_words));
    return line.append(channel.is_known ? "" : text).append(command.input);
  }
  line += std::to_string(command.env.size());
  for (const auto& [name, value] : command.env) line += " " + word(name + "=" + value);
  // env would take it for one more variable.
  if (!command.env.empty() && contains(command.argv.front(), "="))
    return Error{Status::invalid, visible(command.argv.front()) + ": a program with \"=\" in it"};
  DT_TRY_ASSIGN(line, with_words(std::move(line), command, 0));
  return line + command.input;
}

std::string remote_hello(const std::string& nonce) {
  return nonce + " 0 0 '' '?'\n";
}

std::string remote_definition(const std::string& nonce, const ChannelState& channel,
                              std::string_view text) {
  return line_begin("", 0, nonce, channel) + "+" + std::to_string(channel.program) + " " +
         std::to_string(text.size()) + "\n" + std::string(text);
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
  if (letter == 'S' || letter == 'P') {
    state_ = State::inside;
    pid_ = value;
    has_agent_ = has_agent_ || letter == 'P';
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
