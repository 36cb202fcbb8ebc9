#include "web/index_html.hpp"

#include <openssl/evp.h>

#include <array>

namespace switchyard {

namespace {

// 'sha256-<base64>' of what stands between the first <tag> and </tag>, as CSP hashes inline elements.
std::string source_hash(std::string_view page, const std::string& tag) {
  const std::string open = "<" + tag + ">";
  const std::string close = "</" + tag + ">";
  const auto from = page.find(open) + open.size();
  const auto content = page.substr(from, page.find(close, from) - from);

  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_Digest(content.data(), content.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::array<unsigned char, 4 * (EVP_MAX_MD_SIZE / 3 + 1) + 1> base64{};
  const int written = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(length));
  return "'sha256-" + std::string(base64.begin(), base64.begin() + written) + "'";
}

}  // namespace

const std::string& web_index_content_policy() {
  static const std::string policy = "default-src 'none'; script-src " + source_hash(web_index_html, "script") +
                                    "; style-src " + source_hash(web_index_html, "style") +
                                    "; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
                                    "frame-ancestors 'none'";
  return policy;
}

}  // namespace switchyard
