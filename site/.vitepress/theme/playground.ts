// The playground's place in a page. The rest is loaded when the page is shown.

import { defineComponent, h, onBeforeUnmount, onMounted, ref } from "vue";

export const Playground = defineComponent({
  setup() {
    const place = ref<HTMLElement>();
    let end: (() => void) | undefined;
    let gone = false;
    onMounted(async () => {
      const { start } = await import("../../playground/main.ts");
      if (!gone && place.value) end = start(place.value);
    });
    onBeforeUnmount(() => {
      gone = true;
      end?.();
    });
    return () => h("div", { ref: place, class: "pg" }, [h("p", "The playground needs a browser that runs scripts.")]);
  },
});
