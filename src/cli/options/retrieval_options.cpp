#include "cli/options/retrieval_options.hpp"

#include "cli/options/command_line.hpp"

namespace blip::cli {

void RetrievalOptions::declare_style(OptionParser& app) {
  app.add_option("--style", style_,
                 "hf, as in transformers, or original, as in BLIP's own retrieval code: cleaned "
                 "texts of 30 words and 35 tokens, [ENC] first where they are read with an image "
                 "[hf]")
      ->type_name("STYLE")
      ->check(one_of({"hf", "original"}))
      ->group("Model");
}

void RetrievalOptions::settle_style() {
  if (style_ == "original") style = TextStyle::original;
}

void RetrievalOptions::settle() {
  inputs.settle();
  texts.settle();
  texts.require_own_input(inputs.selection);
  model.settle();
  settle_style();
  output.settle();
}

}  // namespace blip::cli
