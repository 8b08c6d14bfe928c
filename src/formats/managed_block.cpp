#include "formats/managed_block.hpp"

#include <algorithm>
#include <optional>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace dtenv {

namespace {

/// Said in the begin marker where the foreign text had no line end and was given one.
constexpr std::string_view added_line_end = " line-end-added";
/// And where there was no file at all.
constexpr std::string_view made_file = " file-made";

struct Block {
  std::size_t begin = 0;  ///< of the begin marker
  std::size_t end = 0;    ///< behind the end marker's line
  bool line_end_added = false;
  bool file_made = false;
};

struct Line {
  std::size_t begin;
  std::size_t end;  ///< behind its line end
  std::string_view text;
};

Line line_at(std::string_view text, std::size_t at) {
  const std::size_t newline = text.find('\n', at);
  const std::size_t end = newline == std::string_view::npos ? text.size() : newline + 1;
  return {at, end, trim(text.substr(at, end - at))};
}

std::string marker(std::string_view tag, std::string_view word) {
  return "# dtenv:" + std::string(tag) + " " + std::string(word);
}

/// A block is of whole lines.
std::string whole_lines(std::string_view content) {
  std::string lines(content);
  if (!lines.empty() && lines.back() != '\n') lines += '\n';
  return lines;
}

/// As it stands in the begin marker.
std::string_view written_checksum(const Line& first) {
  const std::size_t at = first.text.find(" sha256=");
  return at == std::string_view::npos ? "" : first.text.substr(at + 8, 16);
}

Error bad(std::string_view text, std::size_t at, std::string_view tag, std::string problem) {
  const auto [line, column] = line_and_column(text, at);
  Problem detail{"", line, column, problem,
                 "delete the lines from \"" + marker(tag, "begin") + "\" to \"" +
                     marker(tag, "end") + "\" to have them written anew"};
  return {Status::config,
          "the block dtenv:" + std::string(tag) + " at line " + std::to_string(line) + " " +
              std::move(problem),
          {std::move(detail)}};
}

Result<std::size_t> find_end(std::string_view text, const Line& first, std::string_view tag) {
  const std::string begin = marker(tag, "begin");
  const std::string end = marker(tag, "end");
  for (std::size_t at = first.end; at < text.size();) {
    const Line line = line_at(text, at);
    if (line.text == end) return line.begin;
    if (starts_with(line.text, begin)) break;
    at = line.end;
  }
  return bad(text, first.begin, tag, "never ends");
}

/// CRLF put in by an editor does not count.
Result<void> check_content(std::string_view text, const Line& first, std::size_t end,
                           std::string_view tag) {
  const std::string content = replace_all(text.substr(first.end, end - first.end), "\r\n", "\n");
  if (written_checksum(first) == block_checksum(content)) return {};
  return bad(text, first.begin, tag, "was edited by hand");
}

Result<std::optional<Block>> find_block(std::string_view text, std::string_view tag,
                                        bool hollow = false) {
  const std::string begin = marker(tag, "begin");
  std::optional<Block> found;
  for (std::size_t at = 0; at < text.size();) {
    const Line line = line_at(text, at);
    at = line.end;
    if (line.text == marker(tag, "end")) return bad(text, line.begin, tag, "ends without a begin");
    if (!starts_with(line.text, begin + " ") && line.text != begin) continue;
    if (found) return bad(text, line.begin, tag, "stands there a second time");
    DT_TRY_ASSIGN(const std::size_t end, find_end(text, line, tag));
    if (!hollow) {
      DT_TRY(check_content(text, line, end, tag));
    }
    at = line_at(text, end).end;
    found =
        Block{line.begin, at, contains(line.text, added_line_end), contains(line.text, made_file)};
  }
  return found;
}

std::string cut(std::string_view text, const Block& block) {
  std::size_t begin = block.begin;
  // The line end that was added goes too, where nothing was appended behind the block since.
  if (block.line_end_added && block.end == text.size() && begin > 0 && text[begin - 1] == '\n')
    --begin;
  return std::string(text.substr(0, begin)) + std::string(text.substr(block.end));
}

/// The two markers, with nothing between.
std::string render(std::string_view tag, std::string_view checksum, bool line_end_added,
                   bool file_made) {
  return marker(tag, "begin") + " sha256=" + std::string(checksum) +
         std::string(line_end_added ? added_line_end : "") +
         std::string(file_made ? made_file : "") + "\n" + marker(tag, "end") + "\n";
}

}  // namespace

bool is_block_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= 64 && std::all_of(tag.begin(), tag.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string block_checksum(std::string_view content) {
  return sha256(content).substr(0, 16);
}

Result<std::string> with_hollow_block(const ManagedText& managed, std::string_view tag,
                                      std::string_view checksum, BlockPlace place) {
  if (!is_block_tag(tag))
    return Error{Status::config, "\"" + visible(tag) + "\" cannot name a managed block"};
  const std::string_view text = managed.text;
  DT_TRY_ASSIGN(const std::optional<Block> block, find_block(text, tag, managed.hollow));
  if (block && place == BlockPlace::last) {
    return std::string(text.substr(0, block->begin)) +
           render(tag, checksum, block->line_end_added, block->file_made) +
           std::string(text.substr(block->end));
  }
  std::string foreign = block ? cut(text, *block) : std::string(text);
  const bool file_made = block ? block->file_made : managed.absent;
  if (place == BlockPlace::first) return render(tag, checksum, false, file_made) + foreign;
  const bool add_line_end = !foreign.empty() && foreign.back() != '\n';
  if (add_line_end) foreign += '\n';
  return foreign + render(tag, checksum, add_line_end, file_made);
}

std::string fill_block(std::string_view hollow, std::string_view tag, std::string_view content) {
  const std::string end = marker(tag, "end");
  for (std::size_t at = 0; at < hollow.size();) {
    const Line line = line_at(hollow, at);
    if (line.text != end) {
      at = line.end;
      continue;
    }
    std::string text;
    text.reserve(hollow.size() + content.size() + 1);
    text.append(hollow.substr(0, at)).append(content);
    if (!content.empty() && content.back() != '\n') text += '\n';
    return text.append(hollow.substr(at));
  }
  return std::string(hollow);
}

Result<std::string> with_block(std::string_view text, std::string_view tag,
                               std::string_view content, BlockPlace place, bool absent) {
  const std::string lines = whole_lines(content);
  DT_TRY_ASSIGN(const std::string hollow, with_hollow_block({std::string(text), false, absent}, tag,
                                                            block_checksum(lines), place));
  return fill_block(hollow, tag, lines);
}

ManagedText hollow_block(std::string_view text, std::string_view tag) {
  const auto block = find_block(text, tag);
  if (!block || !*block) return {std::string(text)};
  const Line first = line_at(text, (*block)->begin);
  const auto end = find_end(text, first, tag);
  const std::string_view content = text.substr(first.end, *end - first.end);
  // An editor's CRLF is no edit, and not what we wrote either: it is written anew.
  if (block_checksum(content) != written_checksum(first)) return {std::string(text)};
  return {std::string(text.substr(0, first.end)) + std::string(text.substr(*end)), true};
}

Result<std::string> without_block(std::string_view text, std::string_view tag) {
  DT_TRY_ASSIGN(const std::optional<Block> block, find_block(text, tag));
  return block ? cut(text, *block) : std::string(text);
}

bool block_made_file(std::string_view text, std::string_view tag) {
  const auto block = find_block(text, tag);
  return block && *block && (*block)->file_made;
}

}  // namespace dtenv
