#include "formats/daemon_json_encoding.hpp"

#include <cstdint>
#include <optional>

#include "base/text.hpp"

namespace dtenv {

namespace {

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";
constexpr std::string_view le_mark = "\xFF\xFE";
constexpr std::string_view be_mark = "\xFE\xFF";

void append_utf8(std::string& text, std::uint32_t point) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xC0 | point >> 6);
    add(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    add(0xE0 | point >> 12);
    add(0x80 | (point >> 6 & 0x3F));
    add(0x80 | (point & 0x3F));
  } else {
    add(0xF0 | point >> 18);
    add(0x80 | (point >> 12 & 0x3F));
    add(0x80 | (point >> 6 & 0x3F));
    add(0x80 | (point & 0x3F));
  }
}

/// nullopt: an odd byte or a lone surrogate.
std::optional<std::string> from_utf16(std::string_view bytes, bool little) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  const auto unit = [&](std::size_t at) {
    const auto first = static_cast<unsigned char>(bytes[at]);
    const auto second = static_cast<unsigned char>(bytes[at + 1]);
    return little ? std::uint32_t{first} | std::uint32_t{second} << 8
                  : std::uint32_t{second} | std::uint32_t{first} << 8;
  };
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    std::uint32_t point = unit(at);
    if (point >= 0xD800 && point < 0xE000) {
      if (point >= 0xDC00 || at + 3 >= bytes.size()) return std::nullopt;
      const std::uint32_t low = unit(at + 2);
      if (low < 0xDC00 || low >= 0xE000) return std::nullopt;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
      at += 2;
    }
    append_utf8(text, point);
  }
  return text;
}

/// The text is valid UTF-8.
std::string to_utf16(std::string_view text, bool little) {
  std::string bytes;
  const auto add = [&](std::uint32_t unit) {
    const char low = static_cast<char>(unit & 0xFF);
    const char high = static_cast<char>(unit >> 8);
    bytes += little ? low : high;
    bytes += little ? high : low;
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    std::uint32_t point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length && at + i < text.size(); ++i)
      point = point << 6 | (static_cast<unsigned char>(text[at + i]) & 0x3FU);
    at += length;
    if (point < 0x10000) {
      add(point);
    } else {
      add(0xD800 + ((point - 0x10000) >> 10));
      add(0xDC00 + ((point - 0x10000) & 0x3FF));
    }
  }
  return bytes;
}

Error refused(const EngineRelease& engine, std::string_view what) {
  const std::string problem = std::string(what) + " at the start of the file: engine " +
                              std::to_string(engine.major) + " does not start with it";
  return {Status::config,
          "daemon.json: " + problem,
          {{"", 1, 1, problem, "save the file as UTF-8 without a byte-order mark"}}};
}

}  // namespace

Result<DecodedJson> decode_daemon_json(std::string_view bytes, const EngineRelease& engine) {
  constexpr std::size_t limit = std::size_t{1} << 20;
  if (bytes.size() > limit)
    return Error{Status::config, "daemon.json: more than 1 MiB: not a configuration file"};
  DecodedJson decoded{std::string(bytes), JsonEncoding::utf8};
  if (starts_with(bytes, utf8_mark)) {
    if (!engine.at_least(24)) return refused(engine, "a byte-order mark");
    decoded.text = bytes.substr(utf8_mark.size());
    decoded.encoding = JsonEncoding::utf8_bom;
  } else if (starts_with(bytes, le_mark) || starts_with(bytes, be_mark)) {
    if (!engine.at_least(24)) return refused(engine, "UTF-16 with a byte-order mark");
    const bool little = starts_with(bytes, le_mark);
    auto text = from_utf16(bytes.substr(2), little);
    if (!text)
      return Error{Status::config,
                   "daemon.json: not valid UTF-16",
                   {{"", 1, 1, "not valid UTF-16", "save the file as UTF-8"}}};
    decoded.text = std::move(*text);
    decoded.encoding = little ? JsonEncoding::utf16_le : JsonEncoding::utf16_be;
  }
  return decoded;
}

std::string encode_daemon_json(std::string_view text, JsonEncoding encoding) {
  switch (encoding) {
    case JsonEncoding::utf8:
      return std::string(text);
    case JsonEncoding::utf8_bom:
      return std::string(utf8_mark) + std::string(text);
    case JsonEncoding::utf16_le:
      return std::string(le_mark) + to_utf16(text, true);
    case JsonEncoding::utf16_be:
      return std::string(be_mark) + to_utf16(text, false);
  }
  return {};
}

}  // namespace dtenv
