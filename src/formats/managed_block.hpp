#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dtenv {

enum class BlockPlace {
  first,  ///< where the first value wins: ~/.ssh/config
  last,
};

// A block of lines of ours in a file that others write too (authorized_keys, ssh config, hosts):
//     # dtenv:TAG begin sha256=…
//     # dtenv:TAG end
// Every byte outside it stays, and without_block() gives back the file as it was before. A block
// that was edited by hand, stands there twice or never ends is CONFIG: it is not overwritten.

/// The text with the block holding `content`; a block already there is replaced. `absent`: there is
/// no file yet, which the block keeps in mind.
Result<std::string> with_block(std::string_view text, std::string_view tag,
                               std::string_view content, BlockPlace place, bool absent = false);

Result<std::string> without_block(std::string_view text, std::string_view tag);

/// Whether the block was written where there was no file before: without it there is none again,
/// where nothing else came to stand there.
bool block_made_file(std::string_view text, std::string_view tag);

/// Such a file with or without what stands between the markers: a plan for thousands of machines
/// holds the foreign bytes of each, and what is ours, and the same on all of them, once.
struct ManagedText {
  std::string text;
  bool hollow = false;  ///< left out; it was as the checksum in the begin marker says
  bool absent = false;  ///< there is no file
};

/// Hollow where the block is sound; a text without a block, or with an edited one, as it is.
ManagedText hollow_block(std::string_view text, std::string_view tag);

/// What the begin marker says of this content.
std::string block_checksum(std::string_view content);

/// with_block() by the content's checksum alone: a hollow text.
Result<std::string> with_hollow_block(const ManagedText& text, std::string_view tag,
                                      std::string_view checksum, BlockPlace place);

/// The whole of a hollow text of with_hollow_block().
std::string fill_block(std::string_view hollow, std::string_view tag, std::string_view content);

/// [A-Za-z0-9._-]{1,64}: what a marker, a comment and a file's name can carry.
bool is_block_tag(std::string_view tag);

}  // namespace dtenv
