#include "cluster/envelope.hpp"

#include <algorithm>

namespace switchyard::cluster {

namespace {

error peer_error(std::string why) { return {error_code::internal, error_origin::peer, false, std::move(why), {}}; }

}  // namespace

result<std::string> seal(const envelope& what) {
  auto frame = encode(what);
  if (frame.size() > longest_frame)
    return internal_error("a message of kind " + std::to_string(what.kind) + " has " + std::to_string(frame.size()) + " bytes; a frame takes " +
                          std::to_string(longest_frame));
  return frame;
}

result<envelope> open(std::string_view frame) {
  if (frame.size() > longest_frame) return peer_error("a frame of " + std::to_string(frame.size()) + " bytes; at most " + std::to_string(longest_frame));
  return decode<envelope>(frame);
}

result<std::uint16_t> accept(const hello& ours, const hello& theirs, const node_name& proven) {
  if (theirs.cluster != ours.cluster) return peer_error("it belongs to another cluster");
  if (theirs.node != proven) return peer_error("it calls itself " + theirs.node + ", but proves to be " + proven);
  if (theirs.node == ours.node) return peer_error("it calls itself " + theirs.node + ", as this node does");
  const auto common = std::min(ours.newest, theirs.newest);
  if (theirs.oldest > theirs.newest || common < std::max(ours.oldest, theirs.oldest))
    return peer_error("it speaks versions " + std::to_string(theirs.oldest) + " to " + std::to_string(theirs.newest) + ", this node " +
                      std::to_string(ours.oldest) + " to " + std::to_string(ours.newest));
  return common;
}

}  // namespace switchyard::cluster
