#include "providers/packed_text.hpp"

#include <zstd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

namespace switchyard::providers {

namespace {

/// zstd's working memory. A thread packs one block at a time, so all its texts share it.
struct workshop {
  workshop() : packing(ZSTD_createCCtx()), unpacking(ZSTD_createDCtx()) {
    if (packing == nullptr || unpacking == nullptr) throw std::bad_alloc();
  }
  ~workshop() {
    ZSTD_freeCCtx(packing);
    ZSTD_freeDCtx(unpacking);
  }
  workshop(const workshop&) = delete;
  workshop& operator=(const workshop&) = delete;

  ZSTD_CCtx* packing;
  ZSTD_DCtx* unpacking;
  char room[ZSTD_COMPRESSBOUND(packed_text::block_size)];
};

workshop& mine() {
  thread_local std::unique_ptr<workshop> here;   // most threads never need it
  if (here == nullptr) here = std::make_unique<workshop>();
  return *here;
}

void unpack(const kept_bytes& what, char* to) {
  const auto size = ZSTD_decompressDCtx(mine().unpacking, to, what.unpacked, what.bytes.data(), what.bytes.size());
  if (ZSTD_isError(size) || size != what.unpacked) std::abort();   // we packed it ourselves: memory is broken
}

}  // namespace

kept_bytes packed_text::block::kept() const noexcept { return {{bytes.get(), size}, size < block_size ? block_size : 0}; }

void packed_text::append(std::string_view piece) {
  size_ += piece.size();
  while (!piece.empty()) {
    const auto fits = std::min(piece.size(), block_size - last_.size());
    const auto wanted = last_.size() + fits;
    if (wanted > last_.capacity()) last_.reserve(std::min(block_size, std::max(wanted, 2 * last_.capacity())));
    last_ += piece.substr(0, fits);
    piece.remove_prefix(fits);
    if (last_.size() == block_size) pack_last();
  }
}

void packed_text::pack_last() {
  auto& here = mine();
  const auto packed = ZSTD_compressCCtx(here.packing, here.room, sizeof here.room, last_.data(), last_.size(), 1);
  const bool smaller = !ZSTD_isError(packed) && packed < block_size;
  const std::string_view bytes = smaller ? std::string_view(here.room, packed) : std::string_view(last_);
  auto& added = blocks_.emplace_back();
  added.bytes = std::make_unique<char[]>(bytes.size());
  added.size = bytes.size();
  std::memcpy(added.bytes.get(), bytes.data(), bytes.size());
  last_.clear();
}

void packed_text::clear() {
  blocks_.clear();
  std::string().swap(last_);
  size_ = 0;
}

void packed_text::list(std::vector<kept_bytes>& out) const {
  for (const auto& each : blocks_) out.push_back(each.kept());
  if (!last_.empty()) out.push_back({last_});
}

void packed_text::put(std::string& out, std::vector<lent_text>* lent) const {
  constexpr std::size_t worth_lending = 4096;   // and what is shorter may stand inside its string, which moves
  for (const auto& each : blocks_) {
    const auto what = each.kept();
    if (lent != nullptr) {
      lent->push_back({out.size(), what});
    } else if (what.unpacked == 0) {
      out += what.bytes;
    } else {
      const auto at = out.size();
      out.resize(at + what.unpacked);
      unpack(what, out.data() + at);
    }
  }
  if (lent != nullptr && last_.size() >= worth_lending) lent->push_back({out.size(), {last_}});
  else out += last_;
}

std::string packed_text::joined() const {
  std::string out;
  out.reserve(size_);
  put(out, nullptr);
  return out;
}

bool unpacker::give(std::vector<std::string_view>& out) {
  bool unpacked = false;
  for (; next_ < queue_.size(); ++next_) {
    const auto& what = queue_[next_];
    if (what.unpacked == 0) {
      out.push_back(what.bytes);
      continue;
    }
    if (unpacked) return true;
    unpacked = true;
    block_.resize(what.unpacked);
    unpack(what, block_.data());
    out.push_back(block_);
  }
  return false;
}

void unpacker::clear() {
  queue_.clear();
  next_ = 0;
  std::string().swap(block_);
}

std::size_t packing_memory() noexcept { return sizeof(workshop) + ZSTD_sizeof_CCtx(mine().packing) + ZSTD_sizeof_DCtx(mine().unpacking); }

}  // namespace switchyard::providers
