// AWS Signature Version 4: proves to AWS who sends a request, without sending the secret key.
//
//   authorization  = AWS4-HMAC-SHA256 Credential=ID/SCOPE, SignedHeaders=NAMES, Signature=hex(HMAC(key, to_sign))
//   to_sign        = AWS4-HMAC-SHA256 LF time LF SCOPE LF hex(SHA256(canonical))        time = YYYYMMDDTHHMMSSZ
//   canonical      = method LF path LF query LF *(name ":" value LF) LF NAMES LF hex(SHA256(body))
//   SCOPE          = YYYYMMDD/region/service/aws4_request
//   key            = HMAC(HMAC(HMAC(HMAC("AWS4" secret, YYYYMMDD), region), service), "aws4_request")
//
// The path is that of the request line, normalised and encoded once more (every service but S3 wants that): a model's ':' is "%3A" on
// the line and "%253A" here.
#pragma once

#include "base/clock.hpp"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace switchyard::providers {

struct aws_credential {
  std::string_view access_key_id;
  std::string_view secret_access_key;
  std::string_view session_token;          ///< empty: a long-lived key
};

struct signing_scope {
  std::string_view region;
  std::string_view service;                ///< "bedrock"
  wall_time now{};                         ///< AWS accepts 5 minutes of difference
};

using field_list = std::vector<std::pair<std::string, std::string>>;

/// Appends x-amz-date, x-amz-security-token (with a session token) and authorization to `headers`. Everything in `headers` and `host` is
/// signed: nothing of it may change on the way. `target`: path with query as in the request line. The body is hashed piece by piece.
void sign_v4(std::string_view method, std::string_view host, std::string_view target, std::span<const std::string_view> body,
             const aws_credential& credential, const signing_scope& scope, field_list& headers);

}  // namespace switchyard::providers
