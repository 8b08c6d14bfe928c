#include "formats/image_reference.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"

namespace dtenv {

namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_word(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// Lower-case letters and digits with ".", "_", "__" or any number of "-" between them.
bool is_path_part(std::string_view part) {
  std::size_t at = 0;
  while (at < part.size() && is_lower_or_digit(part[at])) ++at;
  if (at == 0) return false;
  while (at < part.size()) {
    const std::size_t begin = at;
    while (at < part.size() && !is_lower_or_digit(part[at])) ++at;
    const std::string_view between = part.substr(begin, at - begin);
    const bool dashes = between.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && between != "." && between != "_" && between != "__") return false;
    if (at == part.size()) return false;
    while (at < part.size() && is_lower_or_digit(part[at])) ++at;
  }
  return true;
}

bool is_host(std::string_view host) {
  if (host.size() > 2 && host[0] == '[' && host.back() == ']')
    return std::all_of(host.begin() + 1, host.end() - 1, [](char c) {
      return c == ':' || c == '.' || std::isxdigit(static_cast<unsigned char>(c)) != 0;
    });
  for (const std::string& label : split(host, '.')) {
    const bool good = !label.empty() && label.front() != '-' && label.back() != '-' &&
                      std::all_of(label.begin(), label.end(),
                                  [](char c) { return (is_word(c) && c != '_') || c == '-'; });
    if (!good) return false;
  }
  return true;
}

bool is_domain(std::string_view domain) {
  const std::size_t colon = domain.rfind(':');
  const bool port =
      colon != std::string_view::npos && domain.find(']', colon) == std::string_view::npos;
  if (port && !parse_integer(domain.substr(colon + 1), 1, 65535)) return false;
  return is_host(port ? domain.substr(0, colon) : domain);
}

Error bad(std::string_view text, std::string problem, std::string hint = {}) {
  const std::string message = "image \"" + visible(text) + "\": " + problem;
  return {Status::config, message, {{"", 0, 0, std::move(problem), std::move(hint)}}};
}

Result<void> take_digest(std::string_view text, std::string_view& rest, ImageReference& image) {
  const std::size_t at = rest.find('@');
  if (at == std::string_view::npos) return {};
  image.digest = rest.substr(at + 1);
  rest = rest.substr(0, at);
  const std::string_view hex =
      std::string_view(image.digest).substr(std::min<std::size_t>(7, image.digest.size()));
  if (!starts_with(image.digest, "sha256:") || hex.size() != 64 || !is_hex(hex))
    return bad(text, "the digest is not sha256: and 64 lower-case hex digits");
  return {};
}

Result<void> take_tag(std::string_view text, std::string_view& rest, ImageReference& image) {
  const std::size_t slash = rest.rfind('/');
  const std::size_t colon = rest.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon == std::string_view::npos) {
    if (image.digest.empty()) image.tag = "latest";
    return {};
  }
  image.tag = rest.substr(colon + 1);
  image.tag_given = true;
  rest = rest.substr(0, colon);
  const bool good = !image.tag.empty() && image.tag.size() <= 128 && is_word(image.tag[0]) &&
                    std::all_of(image.tag.begin(), image.tag.end(),
                                [](char c) { return is_word(c) || c == '.' || c == '-'; });
  if (!good)
    return bad(text, "invalid reference format: the tag \"" + visible(image.tag) +
                         "\" is not 1–128 of letters, digits, _ . -");
  return {};
}

void take_domain(std::string_view& rest, ImageReference& image) {
  const std::size_t slash = rest.find('/');
  const std::string_view first = rest.substr(0, slash);
  const bool has_domain =
      slash != std::string_view::npos &&
      (first.find_first_of(".:") != std::string_view::npos || first == "localhost" ||
       std::any_of(first.begin(), first.end(), [](char c) { return c >= 'A' && c <= 'Z'; }));
  image.domain = has_domain ? std::string(first) : "docker.io";
  if (has_domain) rest = rest.substr(slash + 1);
  if (image.domain == "index.docker.io") image.domain = "docker.io";
  image.path = rest;
  if (image.domain == "docker.io" && !contains(rest, "/")) image.path = "library/" + image.path;
}

}  // namespace

std::string ImageReference::repository() const {
  return domain + "/" + path;
}

std::string ImageReference::full() const {
  return repository() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

std::string ImageReference::familiar() const {
  std::string name = repository();
  if (domain == "docker.io") name = starts_with(path, "library/") ? path.substr(8) : path;
  return name + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

Result<ImageReference> parse_image_reference(std::string_view text) {
  if (text.empty()) return bad(text, "an image's name is missing");
  if (contains(text, "://"))
    return bad(text, "invalid reference format: a URL", "write it without the http://");
  if (text.size() == 64 && is_hex(text))
    return bad(text, "64 hex digits are an image's id, not a name");
  ImageReference image;
  std::string_view rest = text;
  DT_TRY(take_digest(text, rest, image));
  DT_TRY(take_tag(text, rest, image));
  take_domain(rest, image);
  if (!is_domain(image.domain))
    return bad(text, "invalid reference format: \"" + visible(image.domain) +
                         "\" is no registry's address");
  if (image.repository().size() > 255)
    return bad(text, "invalid reference format: more than 255 bytes");
  const auto parts = split(image.path, '/');
  if (std::all_of(parts.begin(), parts.end(), is_path_part)) return image;
  const std::string lowered = lower(image.path);
  const auto lowered_parts = split(lowered, '/');
  if (std::all_of(lowered_parts.begin(), lowered_parts.end(), is_path_part))
    return bad(text, "invalid reference format: repository name (" + visible(image.path) +
                         ") must be lowercase");
  return bad(text, "invalid reference format");
}

}  // namespace dtenv
