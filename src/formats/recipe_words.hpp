#pragma once

#include <string_view>

namespace dtenv {

// What may stand in a recipe: narrow enough that a rendered RUN line needs no trust in it.
bool is_apt_package(std::string_view text);   ///< name[:arch][=version]
bool is_pinned_pip(std::string_view text);    ///< name[extra]==version
bool is_version_word(std::string_view text);  ///< letters, digits, . + - _ ~ :
bool is_http_url(std::string_view text);
bool is_sha256(std::string_view text);
bool is_commit(std::string_view text);  ///< 7 to 40 hex digits
bool is_env_name(std::string_view text);
bool is_image_reference(std::string_view text);
bool is_one_line(std::string_view text);  ///< no control bytes

}  // namespace dtenv
