// A button that changes something only after a second, spelled-out yes.
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type ActionName, useAction } from "../api/actions";
import { ProblemText } from "./ErrorState";

interface ConfirmButtonProps {
  action: ActionName;
  id: string;
  label: string;
  question: string;
  consequence: string;
  dangerous?: boolean;
}

export function ConfirmButton(props: ConfirmButtonProps) {
  const { action, id, label, question, consequence, dangerous = false } = props;
  const [opened, { open, close }] = useDisclosure(false);
  const mutation = useAction(action, id);
  const color = dangerous ? "red" : undefined;

  function ask() {
    mutation.reset();
    open();
  }

  return (
    <>
      <Button size="compact-sm" variant="default" onClick={ask}>
        {label}
      </Button>
      <Modal opened={opened} onClose={close} title={question} centered>
        <Stack gap="sm">
          <Text size="md">{consequence}</Text>
          {mutation.error && (
            <div role="alert">
              <ProblemText error={mutation.error} />
            </div>
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close} data-autofocus>
              No, go back
            </Button>
            <Button
              color={color}
              loading={mutation.isPending}
              onClick={() => mutation.mutate(undefined, { onSuccess: close })}
            >
              {label}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
