// GenerationSession: searches of any kind that share the decoder's steps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include "blip/generation.hpp"
#include "blip/generation_session.hpp"
#include "blip/tokenizer.hpp"
#include "generate/beam_search.hpp"
#include "generate/greedy_search.hpp"
#include "generate/settings.hpp"
#include "model/decode_step.hpp"

namespace blip {

struct GenerationRequest {
  int image = 0;                ///< what the decoder calls its image; no other request's
  std::vector<TokenId> prompt;  ///< the start tokens
  GenerationSettings settings;  ///< image_offset alone says which random numbers are its own
  GenerationCallbacks callbacks{};
  std::size_t index = 0;  ///< GeneratedToken::image
};

/// Requests are added and removed between any two steps. A request's result does not depend on the
/// others: it feeds the decoder the same rows and sees the same logits as it would alone.
class GenerationSession {
 public:
  GenerationSession();
  GenerationSession(GenerationSession&&) noexcept;
  GenerationSession& operator=(GenerationSession&&) noexcept;
  ~GenerationSession();

  /// Throws what limits_for throws, and shape_mismatch for another vocab_size than that of the
  /// requests that are here.
  RequestId add(GenerationRequest request);

  /// False if it is not here (any more).
  bool remove(RequestId id);

  /// Feeds the decoder the rows of all requests and hands out the logits. Does not run it if there
  /// is no request. A request that fails on its own (logits that are not finite, no token left to
  /// sample, a callback that throws) finishes with that error. What the decoder throws is thrown,
  /// and leaves the session as it was. Where there is no memory for those that have finished, the
  /// next step collects them.
  void step(const DecodeStep& decode_step);

  /// Those that have finished since the last call, in the order of their joining in each step.
  [[nodiscard]] std::vector<FinishedRequest> take_finished();
  /// How many take_finished has.
  [[nodiscard]] std::size_t finished_count() const noexcept { return finished_.size(); }

  /// Requests that are not finished.
  [[nodiscard]] std::size_t size() const noexcept { return active_.size(); }

 private:
  struct ActiveRequest;

  void cancel_stopped();
  void advance(ActiveRequest& request, std::span<const float> logits, int first_row);
  void report(ActiveRequest& request);
  void collect_finished();

  // In the order of joining, which is that of the ids. Searches refer to the settings beside them,
  // hence the pointers.
  std::vector<std::unique_ptr<ActiveRequest>> active_;
  std::vector<FinishedRequest> finished_;
  std::uint64_t next_id_ = 0;
  // Working memory.
  std::tuple<GreedySearch::Memory, BeamSearch::Memory> memory_;
  std::vector<DecodeRow> rows_;
  std::vector<GeneratedToken> decided_;
};

}  // namespace blip
