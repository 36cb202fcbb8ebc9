// An exchange that can keep a copy of what is sent to the client, for the cache. Until it is armed it only passes on.
#pragma once

#include "net/exchange.hpp"

#include <string>

namespace switchyard::actors {

class tap_exchange final : public net::exchange {
 public:
  explicit tap_exchange(net::exchange& inner) noexcept : inner_(inner) {}

  /// From now on the body is kept; one longer than `most` is given up.
  void arm(std::size_t most) noexcept { armed_ = true, most_ = most; }
  struct copy {
    int status = 0;
    bool whole = false;                          ///< sent to its end, and not longer than may be kept
    bool streamed = false;                       ///< by begin(), write(), end()
    std::string body;
  };
  [[nodiscard]] const copy& kept() const noexcept { return kept_; }
  [[nodiscard]] copy take() noexcept { return std::move(kept_); }

  [[nodiscard]] const net::request_head& head() const noexcept override { return inner_.head(); }
  [[nodiscard]] net::io_thread& thread() noexcept override { return inner_.thread(); }
  [[nodiscard]] steady_time started() const noexcept override { return inner_.started(); }
  [[nodiscard]] std::string peer() const override { return inner_.peer(); }
  [[nodiscard]] net::task<result<std::string_view>> read_body(std::uint64_t max_bytes) override { return inner_.read_body(max_bytes); }

  using net::exchange::respond;
  [[nodiscard]] net::task<outcome> respond(int status, std::span<const header> headers, std::span<const std::string_view> body) override {
    if (armed_) {
      kept_.status = status;
      keep(body);
      kept_.whole = armed_;
    }
    return inner_.respond(status, headers, body);
  }
  [[nodiscard]] net::task<outcome> begin(int status, std::span<const header> headers) override {
    if (armed_) kept_.status = status, kept_.streamed = true;
    return inner_.begin(status, headers);
  }
  [[nodiscard]] net::task<outcome> write(std::span<const std::string_view> pieces) override {
    if (armed_) keep(pieces);
    return inner_.write(pieces);
  }
  [[nodiscard]] net::task<outcome> end() override {
    kept_.whole = armed_;
    return inner_.end();
  }
  void abort() noexcept override {
    armed_ = false;
    inner_.abort();
  }
  [[nodiscard]] bool begun() const noexcept override { return inner_.begun(); }
  [[nodiscard]] bool client_gone() const noexcept override { return inner_.client_gone(); }
  void on_client_gone(std::function<void()> call) override { inner_.on_client_gone(std::move(call)); }

 private:
  void keep(std::span<const std::string_view> pieces) {
    for (const auto piece : pieces) {
      if (kept_.body.size() + piece.size() > most_) {
        armed_ = false;
        std::string().swap(kept_.body);
        return;
      }
      kept_.body += piece;
    }
  }

  net::exchange& inner_;
  bool armed_ = false;
  std::size_t most_ = 0;
  copy kept_;
};

}  // namespace switchyard::actors
