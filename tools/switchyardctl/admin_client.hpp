// Asks a node's admin API: blocking, one connection a request, http only.
#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"
#include "tools/switchyardctl/http_message.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace switchyard::ctl {

struct admin_reply {
  int status = 0;
  std::string body;
};

class admin_client {
 public:
  admin_client(std::string url_text, admin_url url, secret token)
      : url_text_(std::move(url_text)), url_(std::move(url)), token_(std::move(token)) {}

  /// `path` begins with "/admin/v1/". Fails when the node cannot be reached or does not answer within 30 s; every HTTP
  /// status is an answer.
  [[nodiscard]] result<admin_reply> ask(std::string_view method, std::string_view path, std::string_view body = {}) const;
  /// Hands on the data of every event until the node ends the stream; an answer other than 200 is returned whole.
  [[nodiscard]] result<admin_reply> follow(std::string_view path, std::function<void(const std::string&)> on_event) const;

 private:
  [[nodiscard]] result<admin_reply> exchange(std::string_view method, std::string_view path, std::string_view body,
                                             int quiet_timeout_ms, const std::function<void(std::string_view)>& on_body) const;
  [[nodiscard]] error unreachable(const std::string& why) const;

  std::string url_text_;     ///< as the user gave it, for messages
  admin_url url_;
  secret token_;
};

}  // namespace switchyard::ctl
