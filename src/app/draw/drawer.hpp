// Drawer: words in, pictures out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/embedder.hpp"
#include "app/model_options.hpp"
#include "blip/dalle.hpp"

namespace blip::app {

struct DrawerOptions {
  DrawingOptions drawing;  ///< num_images counts for each prompt
  bool seamless = false;   ///< one picture that goes on across the places of the others
  /// Show what is drawn after every so many codes; 0: never.
  std::size_t progress_every = 0;
};

/// A prompt that can be drawn.
struct Prompt {
  std::string text;
  std::vector<TokenId> tokens;
  Tensor states = {};        ///< once Drawer::read has read it
  std::size_t left_out = 0;  ///< tokens that the model has no room for
};

/// What became of a prompt: either all its pictures, or a seamless one.
struct Drawing {
  Tensor pixels;  ///< [pictures, H, W, 3]
  std::vector<Image> pictures;
};

/// Immutable after construction but for which parts of the model are in memory: a prompt is read
/// by one of them, and drawn by the others, so reading all prompts first keeps memory small. All
/// throw blip::Error.
class Drawer {
 public:
  Drawer(const ModelOptions& model, const DrawerOptions& options);

  [[nodiscard]] const DalleConfig& config() const noexcept { return model_.config(); }

  /// Throws invalid_argument for a text that says nothing to the model, or has a NUL in it.
  [[nodiscard]] Prompt prompt(const std::string& text) const;

  /// Runs the text encoder, unless the prompt has been read.
  void read(Prompt& prompt, Context& context) const;

  /// Called after each code with how many of all there are; false stops.
  using OnStep = std::function<bool(std::size_t done, std::size_t of)>;
  /// A picture of what is drawn so far.
  using OnPicture = std::function<void(std::size_t done, const Image& picture)>;

  /// The prompt must have been read.
  [[nodiscard]] Drawing draw(const Prompt& prompt, Context& context, const OnStep& on_step = {},
                             const OnPicture& on_picture = {}) const;

 private:
  [[nodiscard]] Tensor decode(std::span<const TokenId> codes, Context& context) const;

  DalleModel model_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  DrawerOptions options_;
};

/// All pictures of a drawing as one.
[[nodiscard]] Image sheet_of(const Drawing& drawing);

/// Finds the picture that fits its prompt best: by a matching head's probability where the model
/// has one, else by the cosine of picture and text.
class PictureJudge {
 public:
  explicit PictureJudge(const ModelOptions& model);

  struct Verdict {
    std::size_t best = 0;
    std::vector<float> scores;  ///< of all pictures
  };
  [[nodiscard]] Verdict judge(const std::string& prompt, std::span<const Image> pictures,
                              Context& context) const;

 private:
  Embedder embedder_;
};

}  // namespace blip::app
