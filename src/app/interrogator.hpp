// Interrogator: pictures and their captions in, prompts out that say how they might have been made.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/embedder.hpp"
#include "app/label_embeddings.hpp"
#include "app/phrase_lists.hpp"
#include "app/prompt_chain.hpp"

namespace blip::app {

enum class InterrogationMode {
  best,      ///< the best of the caption, `classic`, `fast` and a chain of all lists
  fast,      ///< the caption and the phrases that fit best, of all lists
  classic,   ///< the caption, a medium, an artist, where it might be found, a movement, flavors
  negative,  ///< a chain of what fits least; without a caption
};

struct InterrogatorOptions {
  InterrogationMode mode = InterrogationMode::best;
  PhraseLists phrases;
  std::optional<std::size_t> max_flavors = {};  ///< nothing: 3 for `classic`, else 32
  std::size_t min_flavors = 8;                  ///< of a chain
  std::size_t candidates = 2048;                ///< the phrases that a chain chooses from
  std::filesystem::path kept_labels = {};       ///< where vectors are kept; empty: nowhere
};

struct Interrogation {
  std::string prompt;
  std::vector<std::string> phrases;  ///< of the lists, as they follow one another in the prompt
  float similarity = 0.0F;           ///< the cosine of the prompt with the picture
};

/// The way of the CLIP Interrogator 0.6 (github.com/pharmapsychotic/clip-interrogator), by any
/// model that embeds images and texts. Two things differ: a phrase that lists have twice counts
/// once, and lists of any length are ranked as a whole. Immutable after construction: every member
/// may be called from many threads at once, each with its own Context. All throw blip::Error.
class Interrogator {
 public:
  /// Throws invalid_argument where there are no phrases.
  Interrogator(const ModelOptions& model, InterrogatorOptions options, Context& context);

  [[nodiscard]] const PictureReader& pictures() const noexcept { return embedder_.pictures(); }
  [[nodiscard]] bool needs_captions() const noexcept {
    return options_.mode != InterrogationMode::negative;
  }

  /// For each image its prompt. captions: [images], or none where none are needed.
  [[nodiscard]] std::vector<Interrogation> interrogate(Images images,
                                                       std::span<const std::string> captions,
                                                       Context& context) const;

 private:
  struct Table {
    std::vector<std::string> phrases;
    Tensor embeddings;  // [phrases, D]; empty without phrases
  };
  // A picture that is looked at.
  struct Picture {
    std::span<const float> embedding;  // [D]
    PromptJudge judge;
  };

  [[nodiscard]] Picture picture_of(std::span<const float> embedding, Context& context) const;
  // Shortened to what the model reads: not every model does that itself.
  [[nodiscard]] std::vector<Tokens> tokens_of(std::span<const std::string> texts) const;
  [[nodiscard]] std::size_t max_flavors() const;
  [[nodiscard]] Interrogation fast(const Picture& picture, const std::string& caption) const;
  [[nodiscard]] Interrogation classic(const Picture& picture, const std::string& caption) const;
  [[nodiscard]] Interrogation negative(const Picture& picture) const;
  [[nodiscard]] Interrogation best(const Picture& picture, const std::string& caption) const;
  // The phrases of the table that are most like the picture, or least: the first ones first.
  [[nodiscard]] static std::vector<std::string> ranked(const Table& table, const Picture& picture,
                                                       std::size_t count, bool reverse = false);

  Embedder embedder_;
  InterrogatorOptions options_;
  Table artists_;
  Table flavors_;
  Table mediums_;
  Table movements_;
  Table trendings_;
  Table all_;
};

}  // namespace blip::app
