/* Prints the layout of every struct of blip.h and the value of every enumerator. The output is
 * compared with struct_layouts.txt: what differs there breaks programs that are compiled already.
 */
#include <blip.h>
#include <stddef.h>
#include <stdio.h>

#define SIZE(type) printf("%s: %zu bytes\n", #type, sizeof(type))
#define FIELD(type, name) \
  printf("  %s: %zu + %zu\n", #name, offsetof(type, name), sizeof(((type*)0)->name))
#define VALUE(name) printf("%s = %d\n", #name, (int)(name))

int main(void) {
  SIZE(blip_context_options);
  FIELD(blip_context_options, struct_size);
  FIELD(blip_context_options, num_threads);

  SIZE(blip_model_options);
  FIELD(blip_model_options, struct_size);
  FIELD(blip_model_options, weight_type);
  FIELD(blip_model_options, adapter);
  FIELD(blip_model_options, processor);
  FIELD(blip_model_options, offline);
  FIELD(blip_model_options, on_download);
  FIELD(blip_model_options, user_data);

  SIZE(blip_image_options);
  FIELD(blip_image_options, struct_size);
  FIELD(blip_image_options, apply_exif_orientation);
  FIELD(blip_image_options, blend_transparency);
  FIELD(blip_image_options, background);
  FIELD(blip_image_options, max_pixels);

  SIZE(blip_generation_options);
  FIELD(blip_generation_options, struct_size);
  FIELD(blip_generation_options, max_length);
  FIELD(blip_generation_options, max_new_tokens);
  FIELD(blip_generation_options, min_length);
  FIELD(blip_generation_options, min_new_tokens);
  FIELD(blip_generation_options, num_beams);
  FIELD(blip_generation_options, num_return_sequences);
  FIELD(blip_generation_options, no_repeat_ngram_size);
  FIELD(blip_generation_options, do_sample);
  FIELD(blip_generation_options, top_k);
  FIELD(blip_generation_options, top_p);
  FIELD(blip_generation_options, temperature);
  FIELD(blip_generation_options, length_penalty);
  FIELD(blip_generation_options, repetition_penalty);
  FIELD(blip_generation_options, seed);
  FIELD(blip_generation_options, on_text);
  FIELD(blip_generation_options, should_cancel);
  FIELD(blip_generation_options, user_data);

  SIZE(blip_match_result);
  FIELD(blip_match_result, itm);
  FIELD(blip_match_result, itc);

  VALUE(BLIP_OK);
  VALUE(BLIP_ERROR_NOT_FOUND);
  VALUE(BLIP_ERROR_UNREADABLE);
  VALUE(BLIP_ERROR_MALFORMED);
  VALUE(BLIP_ERROR_UNSUPPORTED);
  VALUE(BLIP_ERROR_MISSING_TENSOR);
  VALUE(BLIP_ERROR_SHAPE_MISMATCH);
  VALUE(BLIP_ERROR_LIMIT_EXCEEDED);
  VALUE(BLIP_ERROR_INVALID_ARGUMENT);
  VALUE(BLIP_ERROR_CANCELLED);
  VALUE(BLIP_ERROR_NETWORK);
  VALUE(BLIP_ERROR_OUT_OF_MEMORY);
  VALUE(BLIP_ERROR_INTERNAL);
  VALUE(BLIP_WEIGHTS_STORED);
  VALUE(BLIP_WEIGHTS_F32);
  VALUE(BLIP_WEIGHTS_F16);
  VALUE(BLIP_WEIGHTS_BF16);
  VALUE(BLIP_WEIGHTS_I8);
  VALUE(BLIP_TASK_CAPTION);
  VALUE(BLIP_TASK_ANSWER);
  VALUE(BLIP_TASK_MATCH);
  VALUE(BLIP_TASK_EMBED_IMAGE);
  VALUE(BLIP_TASK_EMBED_TEXT);
  VALUE(BLIP_TASK_CLASSIFY);
  return 0;
}
