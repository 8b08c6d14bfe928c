// What curl's codes and a silent socket mean, in words a person can act on.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "net/curl_transfer.hpp"

namespace dtenv {

namespace {

struct Meaning {
  CURLcode code;
  Status status;
  const char* problem;
};

constexpr Meaning meanings[] = {
    {CURLE_UNSUPPORTED_PROTOCOL, Status::config, "this protocol is not allowed"},
    {CURLE_URL_MALFORMAT, Status::config, "not a URL"},
    {CURLE_COULDNT_RESOLVE_PROXY, Status::io, "the proxy's name cannot be resolved"},
    {CURLE_COULDNT_RESOLVE_HOST, Status::io, "the name cannot be resolved"},
    {CURLE_COULDNT_CONNECT, Status::io, "no connection"},
    {CURLE_WEIRD_SERVER_REPLY, Status::io, "the reply is not HTTP"},
    {CURLE_HTTP2, Status::io, "the reply is not valid HTTP/2"},
    {CURLE_PARTIAL_FILE, Status::io, "the reply was cut before its end"},
    // 7.88 calls a header line that is too long "out of memory".
    {CURLE_OUT_OF_MEMORY, Status::io, "the reply's head is too long"},
    {CURLE_OPERATION_TIMEDOUT, Status::timeout, "no connection in time"},
    {CURLE_SSL_CONNECT_ERROR, Status::io, "no TLS connection"},
    {CURLE_PEER_FAILED_VERIFICATION, Status::io, "the server's certificate is not trusted"},
    {CURLE_SSL_CACERT_BADFILE, Status::config, "the file of trusted certificates cannot be read"},
    {CURLE_TOO_MANY_REDIRECTS, Status::io, "too many redirects"},
    {CURLE_GOT_NOTHING, Status::io, "the connection was closed without a reply"},
    {CURLE_SEND_ERROR, Status::io, "the connection broke while the request was sent"},
    {CURLE_RECV_ERROR, Status::io, "the connection broke while the reply was read"},
};

Error with_hint(Status status, std::string message, std::string problem, std::string hint) {
  Problem detail;
  detail.problem = std::move(problem);
  detail.hint = std::move(hint);
  return {status, std::move(message), {std::move(detail)}};
}

/// The errno of a connect() that does not wait, 0 where somebody listens.
int try_connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return ENAMETOOLONG;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  const auto* raw = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  const int failed = ::connect(fd, raw, sizeof address) == 0 ? 0 : errno;
  ::close(fd);
  return failed == EAGAIN ? 0 : failed;
}

}  // namespace

Error socket_error(const std::string& path) {
  struct stat state {};
  struct stat link {};
  if (::stat(path.c_str(), &state) != 0 && (errno == ENOENT || errno == ENOTDIR)) {
    if (::lstat(path.c_str(), &link) == 0)
      return with_hint(Status::not_found, path + ": a symlink to nothing: no Docker engine answers",
                       "dangling_socket", "is the engine it points to running?");
    return with_hint(Status::not_found, path + ": no such socket: no Docker engine is running here",
                     "daemon_absent", "install Docker, or start it: systemctl start docker");
  }
  const int failed = try_connect(path);
  if (failed == EACCES || failed == EPERM)
    return with_hint(Status::io, path + ": permission denied", "daemon_permission",
                     "add this user to the group docker, or act as root");
  if (!S_ISSOCK(state.st_mode))
    return with_hint(Status::io, path + ": not a socket", "daemon_wrong_file",
                     "remove it and start the engine again: systemctl restart docker");
  if (failed == ECONNREFUSED)
    return with_hint(Status::not_found,
                     path + ": connection refused: the socket is there, but no engine listens",
                     "daemon_down", "look at: systemctl status docker; journalctl -u docker");
  return io_error(path + ": connect", failed == 0 ? ECONNABORTED : failed);
}

Error curl_error(CURLcode code, const HttpRequest& request, const std::string& what,
                 std::string_view words) {
  const bool at_socket = !request.unix_socket.empty();
  if (at_socket && (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST))
    return socket_error(request.unix_socket);
  for (const auto& meaning : meanings) {
    if (meaning.code != code) continue;
    Error error{meaning.status, what + ": " + meaning.problem};
    if (!words.empty()) error.detail.push_back({{}, 0, 0, visible(words, 200), {}});
    return error;
  }
  const std::string said = words.empty() ? curl_easy_strerror(code) : visible(words, 200);
  return {Status::io, what + ": " + said};
}

}  // namespace dtenv
